package wireleap.tun.flow;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import wireleap.tun.mem.Bytes;
import wireleap.tun.mem.Counters;
import wireleap.tun.tcp.TcpConnection;
import wireleap.tun.tcp.TcpEnd;
import wireleap.tun.tcp.TcpOutput;
import wireleap.tun.tcp.TcpSettings;
import wireleap.tun.tcp.TcpSink;
import wireleap.tun.tcp.TcpSource;
import wireleap.tun.tcp.TcpState;
import wireleap.tun.wire.IpWriter;
import wireleap.tun.wire.TcpHeader;
import wireleap.tun.wire.VirtioNetHeader;

/**
 * An application behind the TUN and its kernel: a real connection in the active role. Sends a stream whose bytes
 * follow from their positions, and expects such a stream.
 */
final class SimClient implements TcpSource, TcpSink, TcpOutput {
    private static final int WINDOW = 1 << 20;

    final int port;
    final TcpConnection connection = new TcpConnection(TcpSettings.forLocalPeer(), new Counters());
    private final World world;
    private final IpWriter ip = new IpWriter();
    private final boolean ipv4;
    private final int targetPort;
    private final MemorySegment headers = Arena.ofAuto().allocate(128);
    /** What it says in all, and whether it then ends its direction. */
    long sends;
    boolean finishes;
    /** Bytes that it reads in all; it stalls after. */
    long reads = Long.MAX_VALUE;
    long received;
    boolean sawEnd;
    /** The sequence number of the last segment sent. */
    int lastSeq;
    private long prepared;
    /** When an event will touch it; at the connection's deadline or before. */
    private long wakeNanos = Long.MAX_VALUE;

    SimClient(World world, long hi, long lo, int port, long targetHi, long targetLo, int targetPort) {
        this.world = world;
        this.port = port;
        this.targetPort = targetPort;
        ip.between(hi, lo, targetHi, targetLo, TcpHeader.PROTOCOL);
        ipv4 = ip.isIpv4();
        connection.bind(this, this, this);
    }

    /** The byte at a position of every stream. */
    static byte at(long position) {
        return (byte) (position * 0x9e3779b97f4a7c15L >>> 56);
    }

    static byte[] stream(long from, int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = at(from + i);
        }
        return bytes;
    }

    SimClient sends(long bytes, boolean finishes) {
        this.sends = bytes;
        this.finishes = finishes;
        return this;
    }

    SimClient open() {
        return open(world.net.random.nextInt());
    }

    SimClient open(int iss) {
        connection.openActive(port, targetPort, iss, world.net.nowNanos());
        world.touch(this);
        return this;
    }

    /** Sends so many more bytes, and then perhaps ends. */
    void say(long more, boolean finishes) {
        sends += more;
        this.finishes = finishes;
        world.touch(this);
    }

    /** Reads on. */
    void readAll() {
        reads = Long.MAX_VALUE;
        world.touch(this);
    }

    boolean isEstablished() {
        return connection.state().compareTo(TcpState.ESTABLISHED) >= 0;
    }

    boolean wasReset() {
        return connection.end() == TcpEnd.RESET_BY_PEER;
    }

    void receive(TcpHeader segment, MemorySegment memory, long nowNanos) {
        connection.onSegment(segment, memory, segment.payloadOffset(), segment.payloadLength(), nowNanos);
        world.touch(this);
    }

    void turn() {
        if (connection.deadlineNanos() <= world.net.nowNanos()) {
            connection.onTimer(world.net.nowNanos());
        } else {
            connection.endOfTurn(world.net.nowNanos());
        }
        long deadlineNanos = connection.deadlineNanos();
        if (deadlineNanos < wakeNanos) {
            wakeNanos = deadlineNanos;
            world.net.after(Math.max(0, deadlineNanos - world.net.nowNanos()), now -> {
                wakeNanos = Long.MAX_VALUE;
                world.touch(this);
            });
        }
    }

    @Override
    public int prepare(long position, int maxBytes) {
        prepared = position;
        return (int) Math.min(maxBytes, sends - position);
    }

    @Override
    public boolean endsAt(long position) {
        return finishes && position == sends;
    }

    @Override
    public void release(long position) {
    }

    @Override
    public int deliver(long position, MemorySegment memory, long offset, int length) {
        int taken = (int) Math.min(length, reads - position);
        verify(position, memory, offset, taken);
        received = position + taken;
        return taken;
    }

    @Override
    public boolean store(long position, MemorySegment memory, long offset, int length) {
        verify(position, memory, offset, length);
        return position + length <= reads;
    }

    @Override
    public void advance(long position) {
        received = position;
    }

    private static void verify(long position, MemorySegment memory, long offset, int length) {
        for (int i = 0; i < length; i++) {
            if (Bytes.u8(memory, offset + i) != (at(position + i) & 0xff)) {
                throw new AssertionError("the byte at position " + (position + i) + " is another");
            }
        }
    }

    @Override
    public long limit() {
        return Math.min(reads, received + WINDOW);
    }

    @Override
    public void finished() {
        sawEnd = true;
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
        int ipBytes = ip.headerBytes();
        lastSeq = Bytes.i32(headers, tcpOffset() + 4);
        int headerBytes = VirtioNetHeader.BYTES + ipBytes + tcpHeaderBytes;
        ip.write(headers, VirtioNetHeader.BYTES, tcpHeaderBytes + payloadBytes);
        Bytes.putU16(headers, tcpOffset() + TcpHeader.CHECKSUM_OFFSET,
                ip.pseudoHeaderSum(tcpHeaderBytes + payloadBytes));
        VirtioNetHeader.writePartial(headers, 0, ipv4 ? VirtioNetHeader.GSO_TCPV4 : VirtioNetHeader.GSO_TCPV6, ipBytes,
                tcpHeaderBytes, TcpHeader.CHECKSUM_OFFSET, payloadBytes, mss);
        byte[] packet = new byte[headerBytes + payloadBytes];
        MemorySegment.copy(headers, ValueLayout.JAVA_BYTE, 0, packet, 0, headerBytes);
        System.arraycopy(stream(prepared, payloadBytes), 0, packet, headerBytes, payloadBytes);
        world.toStack(packet);
    }

    @Override
    public int mss() {
        return World.MTU - ip.headerBytes() - TcpHeader.BYTES;
    }

    @Override
    public int maxSegmentBytes() {
        return 65_535 - ip.headerBytes();
    }
}
