package wireleap.tun.train;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Bytes;
import wireleap.tun.tcp.TcpOutput;
import wireleap.tun.tcp.TcpSink;
import wireleap.tun.tcp.TcpSource;
import wireleap.tun.wire.IpWriter;
import wireleap.tun.wire.TcpHeader;
import wireleap.tun.wire.VirtioNetHeader;

/**
 * The active end of a connection that sends a number of zeros, ends, and reads as many: all that a {@link
 * wireleap.tun.tcp.TcpConnection} needs. The application's thread.
 */
final class EchoStream implements TcpSource, TcpSink, TcpOutput {
    private static final int WINDOW_BYTES = 1 << 20;
    private static final int LARGEST_PACKET = 65_535;

    /** Writes a packet: so many bytes of headers, and zeros. */
    @FunctionalInterface
    interface Sender {
        void send(int headerBytes, int payloadBytes);
    }

    private final long bytes;
    private final IpWriter ip;
    private final MemorySegment headers;
    private final int mtu;
    private final Sender sender;
    private long received;
    private boolean ended;

    EchoStream(long bytes, IpWriter ip, MemorySegment headers, int mtu, Sender sender) {
        this.bytes = bytes;
        this.ip = ip;
        this.headers = headers;
        this.mtu = mtu;
        this.sender = sender;
    }

    /** Whether as much has come back as was sent, and the end of it. */
    boolean hasAll() {
        return ended && received == bytes;
    }

    @Override
    public int prepare(long position, int maxBytes) {
        return (int) Math.min(maxBytes, bytes - position);
    }

    @Override
    public boolean endsAt(long position) {
        return position == bytes;
    }

    @Override
    public void release(long position) {
        // Zeros are kept nowhere.
    }

    @Override
    public int deliver(long position, MemorySegment memory, long offset, int length) {
        received = position + length;
        return length;
    }

    @Override
    public boolean store(long position, MemorySegment memory, long offset, int length) {
        return true;
    }

    @Override
    public void advance(long position) {
        received = position;
    }

    @Override
    public long limit() {
        return received + WINDOW_BYTES;
    }

    @Override
    public void finished() {
        ended = true;
    }

    @Override
    public MemorySegment headers() {
        return headers;
    }

    @Override
    public long tcpOffset() {
        return VirtioNetHeader.BYTES + ip.headerBytes();
    }

    @Override
    public void transmit(int tcpHeaderBytes, int payloadBytes, int mss) {
        ip.write(headers, VirtioNetHeader.BYTES, tcpHeaderBytes + payloadBytes);
        Bytes.putU16(headers, tcpOffset() + TcpHeader.CHECKSUM_OFFSET,
                ip.pseudoHeaderSum(tcpHeaderBytes + payloadBytes));
        VirtioNetHeader.writePartial(headers, 0, VirtioNetHeader.GSO_TCPV4, ip.headerBytes(), tcpHeaderBytes,
                TcpHeader.CHECKSUM_OFFSET, payloadBytes, mss);
        sender.send(VirtioNetHeader.BYTES + ip.headerBytes() + tcpHeaderBytes, payloadBytes);
    }

    @Override
    public int mss() {
        return mtu - ip.headerBytes() - TcpHeader.BYTES;
    }

    @Override
    public int maxSegmentBytes() {
        return LARGEST_PACKET - ip.headerBytes();
    }
}
