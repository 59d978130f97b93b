package wireleap.tun.train;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import wireleap.tun.mem.Counters;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.IoVec;
import wireleap.tun.os.PacketDevice;
import wireleap.tun.os.Poller;
import wireleap.tun.os.linux.Epoll;
import wireleap.tun.tcp.TcpConnection;
import wireleap.tun.tcp.TcpSettings;
import wireleap.tun.wire.IcmpMessage;
import wireleap.tun.wire.IpPacket;
import wireleap.tun.wire.IpWriter;
import wireleap.tun.wire.TcpHeader;
import wireleap.tun.wire.UdpHeader;
import wireleap.tun.wire.VirtioNetHeader;

/**
 * An application behind a TUN and the kernel under it, one connection at a time. Runs on the thread that opened it; its
 * memory is the arena's.
 */
public final class Application implements AutoCloseable {
    private static final int HEADER_BYTES = 256;
    private static final int PACKET_BYTES = 1 << 17;
    private static final int CLIENT_PORT = 40_000;
    private static final int INITIAL_SEQUENCE_NUMBER = 1;
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long LONGEST_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private final PacketDevice device;
    private final Poller poller;
    private final MemorySegment headers;
    private final MemorySegment packet;
    /** What every payload is: zeros. */
    private final MemorySegment payload;
    private final IoVec parts;
    private final IpPacket received = new IpPacket();
    private final TcpHeader segment = new TcpHeader();
    private final IpWriter ip = new IpWriter();
    private final int mtu;
    private int port = CLIENT_PORT;
    private EchoStream stream;
    private boolean answered;

    /**
     * Begins.
     *
     * @param device the other end of the daemon's
     * @param mtu of the TUN, bytes
     */
    public Application(PacketDevice device, int mtu, Arena arena) throws ErrnoException {
        this.device = device;
        this.mtu = mtu;
        headers = arena.allocate(HEADER_BYTES, Long.BYTES);
        packet = arena.allocate(PACKET_BYTES, Long.BYTES);
        payload = arena.allocate(PACKET_BYTES, Long.BYTES);
        parts = new IoVec(arena, 2);
        poller = new Epoll(arena, 1);
        ErrnoException.check("epoll_ctl", poller.add(device.fd(), Poller.READABLE, 0));
    }

    /** Sends so many bytes over TCP to who sends them back, and waits for the end of the connection. */
    public void exchange(long fromLo, long toLo, int toPort, long bytes) {
        ip.between(0, fromLo, 0, toLo, TcpHeader.PROTOCOL);
        stream = new EchoStream(bytes, ip, headers, mtu, this::send);
        TcpConnection connection = new TcpConnection(TcpSettings.forLocalPeer(), new Counters());
        connection.bind(stream, stream, stream);
        connection.openActive(++port, toPort, INITIAL_SEQUENCE_NUMBER, System.nanoTime());
        await(connection, stream::hasAll);
        connection.abort(System.nanoTime());         // of TIME-WAIT, which is of no interest
    }

    /** Sends a datagram and waits for one. */
    public void ask(long fromLo, long toLo, int toPort, int bytes) {
        ip.between(0, fromLo, 0, toLo, UdpHeader.PROTOCOL);
        VirtioNetHeader.writeComplete(headers, 0);
        ip.write(headers, VirtioNetHeader.BYTES, UdpHeader.BYTES + bytes);
        UdpHeader.writeComplete(headers, VirtioNetHeader.BYTES + ip.headerBytes(), ip, ++port, toPort, payload, 0,
                bytes);
        send(VirtioNetHeader.BYTES + ip.headerBytes() + UdpHeader.BYTES, bytes);
        awaitAnswer();
    }

    /** Sends an ICMP echo request of the addresses' version and waits for an answer. */
    public void ping(long fromHi, long fromLo, long toHi, long toLo, int bytes) {
        ip.between(fromHi, fromLo, toHi, toLo, IcmpMessage.protocol(IpWriter.isIpv4(toHi, toLo) ? 4 : 6));
        int length = IcmpMessage.HEADER_BYTES + bytes;
        VirtioNetHeader.writeComplete(headers, 0);
        ip.write(headers, VirtioNetHeader.BYTES, length);
        IcmpMessage.write(headers, VirtioNetHeader.BYTES + ip.headerBytes(), ip.isIpv4() ? 8 : 128, 0, 1,
                ip.isIpv4() ? 0 : ip.pseudoHeaderSum(length), payload, 0, bytes);
        send(VirtioNetHeader.BYTES + ip.headerBytes() + IcmpMessage.HEADER_BYTES, bytes);
        awaitAnswer();
    }

    private void send(int headerBytes, int payloadBytes) {
        device.write(parts.clear().add(headers, 0, headerBytes).add(payload, 0, payloadBytes));
    }

    private void awaitAnswer() {
        answered = false;
        await(new TcpConnection(TcpSettings.forLocalPeer(), new Counters()), () -> answered);
    }

    /** @throws IllegalStateException if it takes 5 s: then the daemon behind the device does not work */
    private void await(TcpConnection connection, BooleanSupplier done) {
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (!done.getAsBoolean()) {
            long now = System.nanoTime();
            if (now > end) {
                throw new IllegalStateException("no answer out of the TUN");
            }
            poller.await(LONGEST_WAIT_NANOS);
            for (int length = read(); length > 0; length = read()) {
                take(connection, length, now);
            }
            connection.endOfTurn(now);
            if (connection.deadlineNanos() <= now) {
                connection.onTimer(now);
            }
        }
    }

    private int read() {
        return device.read(packet, 0, PACKET_BYTES);
    }

    private void take(TcpConnection connection, int length, long now) {
        if (received.parse(packet, VirtioNetHeader.BYTES, length - VirtioNetHeader.BYTES) != IpPacket.OK) {
            return;
        }
        if (received.protocol() != TcpHeader.PROTOCOL) {
            answered = true;
        } else if (segment.wrap(packet, received.payloadOffset(), received.payloadLength())
                && segment.dstPort() == port) {
            connection.onSegment(segment, packet, segment.payloadOffset(), segment.payloadLength(), now);
        }
    }

    @Override
    public void close() {
        poller.close();
    }
}
