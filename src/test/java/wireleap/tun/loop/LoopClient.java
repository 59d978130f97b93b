package wireleap.tun.loop;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Bytes;
import wireleap.tun.mem.Counters;
import wireleap.tun.tcp.TcpConnection;
import wireleap.tun.tcp.TcpOutput;
import wireleap.tun.tcp.TcpSettings;
import wireleap.tun.tcp.TcpSink;
import wireleap.tun.tcp.TcpSource;
import wireleap.tun.tcp.TcpState;
import wireleap.tun.wire.IpPacket;
import wireleap.tun.wire.IpWriter;
import wireleap.tun.wire.TcpHeader;
import wireleap.tun.wire.VirtioNetHeader;

/** An application behind a {@link SimDevice}: a real connection that sends and takes whatever bytes. Allocates nothing. */
final class LoopClient implements TcpSource, TcpSink, TcpOutput {
    static final long ADDRESS = 0x0000_ffff_0a0d_3100L;
    static final long SELF = ADDRESS + 1;
    static final long TARGET = 0x0000_ffff_c633_6407L;
    static final int TARGET_PORT = 80;
    static final int MTU = 1500;

    private static final int WINDOW = 1 << 20;

    final TcpConnection connection = new TcpConnection(TcpSettings.forLocalPeer(), new Counters());
    final int port;
    private final SimDevice device;
    private final IpWriter ip = new IpWriter();
    private final IpPacket packet = new IpPacket();
    private final TcpHeader header = new TcpHeader();
    /** What it says in all. */
    long says;
    long received;

    LoopClient(SimDevice device, int port) {
        this.device = device;
        this.port = port;
        ip.between(0, ADDRESS, 0, TARGET, TcpHeader.PROTOCOL);
        connection.bind(this, this, this);
    }

    void open(long nowNanos) {
        connection.openActive(port, TARGET_PORT, 12_345, nowNanos);
    }

    boolean isEstablished() {
        return connection.state() == TcpState.ESTABLISHED;
    }

    /** A packet came out of the device: takes it if it is this client's. */
    boolean take(MemorySegment memory, long offset, int length, long nowNanos) {
        if (packet.parse(memory, offset + VirtioNetHeader.BYTES, length - VirtioNetHeader.BYTES) != IpPacket.OK
                || packet.protocol() != TcpHeader.PROTOCOL
                || !header.wrap(memory, packet.payloadOffset(), packet.payloadLength()) || header.dstPort() != port) {
            return false;
        }
        connection.onSegment(header, memory, header.payloadOffset(), header.payloadLength(), nowNanos);
        return true;
    }

    @Override
    public int prepare(long position, int maxBytes) {
        return (int) Math.min(maxBytes, says - position);
    }

    @Override
    public boolean endsAt(long position) {
        return false;
    }

    @Override
    public void release(long position) {
    }

    @Override
    public int deliver(long position, MemorySegment memory, long offset, int length) {
        received = position + length;
        return length;
    }

    @Override
    public boolean store(long position, MemorySegment memory, long offset, int length) {
        return false;
    }

    @Override
    public void advance(long position) {
        received = position;
    }

    @Override
    public long limit() {
        return received + WINDOW;
    }

    @Override
    public void finished() {
    }

    @Override
    public MemorySegment headers() {
        return device.memory();
    }

    @Override
    public long tcpOffset() {
        return device.offset() + VirtioNetHeader.BYTES + ip.headerBytes();
    }

    /** The payload is what lies in the device's memory. */
    @Override
    public void transmit(int tcpHeaderBytes, int payloadBytes, int mss) {
        var memory = device.memory();
        var start = device.offset();
        ip.write(memory, start + VirtioNetHeader.BYTES, tcpHeaderBytes + payloadBytes);
        Bytes.putU16(memory, tcpOffset() + TcpHeader.CHECKSUM_OFFSET, ip.pseudoHeaderSum(tcpHeaderBytes + payloadBytes));
        VirtioNetHeader.writePartial(memory, start, VirtioNetHeader.GSO_TCPV4, ip.headerBytes(), tcpHeaderBytes,
            TcpHeader.CHECKSUM_OFFSET, payloadBytes, mss);
        device.sent(VirtioNetHeader.BYTES + ip.headerBytes() + tcpHeaderBytes + payloadBytes);
    }

    @Override
    public int mss() {
        return MTU - ip.headerBytes() - TcpHeader.BYTES;
    }

    @Override
    public int maxSegmentBytes() {
        return 65_535 - ip.headerBytes();
    }
}
