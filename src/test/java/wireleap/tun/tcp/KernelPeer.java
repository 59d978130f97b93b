package wireleap.tun.tcp;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import wireleap.tun.mem.Bytes;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.os.PacketDevice;
import wireleap.tun.os.linux.LinuxTun;
import wireleap.tun.wire.IpPacket;
import wireleap.tun.wire.IpWriter;
import wireleap.tun.wire.TcpHeader;
import wireleap.tun.wire.VirtioNetHeader;

/**
 * One connection of ours behind a TUN, whose peer is the kernel: it accepts, echoes what it gets from a buffer of 1
 * MiB, and ends when the peer has ended. Packets of both directions are lost at random.
 */
final class KernelPeer implements TcpSource, TcpSink, TcpOutput {
    private static final int VIRTIO = VirtioNetHeader.BYTES;
    private static final int IP = IpPacket.IPV4_HEADER_BYTES;
    private static final int BUFFER_BYTES = 1 << 20;
    private static final int TURN_PACKETS = 16;

    private final LinuxTun tun;
    private final PacketDevice queue;
    private final double loss;
    private final SplittableRandom random = new SplittableRandom(7);
    private final Counters counters = new Counters();
    private final TcpConnection connection;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment in = arena.allocate(1 << 17);
    private final MemorySegment out = arena.allocate(1 << 17);
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private final IpPacket packet = new IpPacket();
    private final TcpHeader header = new TcpHeader();
    private final IpWriter ip = new IpWriter();
    private final Thread thread = Thread.ofPlatform().daemon().name("kernel-peer").unstarted(this::run);
    private long received;
    private long released;
    private long prepared;
    private boolean finished;
    private volatile int lostWithPayload;
    private volatile boolean stopping;
    private volatile boolean aborting;
    private volatile TcpEnd end = TcpEnd.NOT_YET;
    private volatile Throwable failure;

    private KernelPeer(LinuxTun tun, TcpSettings settings, double loss) {
        this.tun = tun;
        this.queue = tun.queues().getFirst();
        this.loss = loss;
        connection = new TcpConnection(settings, counters);
        connection.bind(this, this, this);
    }

    /** Makes the device wltest0 in the namespace of the calling thread. */
    static KernelPeer create(TcpSettings settings, double loss) throws IOException {
        return new KernelPeer(LinuxTun.create("wltest0", 1), settings, loss);
    }

    void start() {
        thread.start();
    }

    void stop() throws InterruptedException {
        stopping = true;
        thread.join();
        tun.close();
        arena.close();
    }

    void abort() {
        aborting = true;
    }

    long count(Counter counter) {
        return counters.value(counter);
    }

    /** How many segments with payload were sent and lost; the peer's thread alone counts. */
    int lostWithPayload() {
        return lostWithPayload;
    }

    /** Waits until the connection has ended so, TIME-WAIT not counted. */
    void awaitEnd(TcpEnd expected) throws InterruptedException {
        while (end == TcpEnd.NOT_YET && failure == null) {
            Thread.sleep(5);
        }
        if (failure != null || end != expected) {
            throw new AssertionError("ended " + end, failure);
        }
    }

    private void run() {
        try {
            while (!stopping) {
                turn(System.nanoTime());
            }
        } catch (RuntimeException | Error e) {
            failure = e;
        }
    }

    private void turn(long now) {
        int length = queue.read(in, 0, (int) in.byteSize());
        if (length < 0) {
            LockSupport.parkNanos(20_000);
        }
        for (int i = 1; length > 0; i++) {
            receive(length, now);
            length = i < TURN_PACKETS ? queue.read(in, 0, (int) in.byteSize()) : -1;
        }
        if (aborting) {
            connection.abort(now);
        }
        if (now >= connection.deadlineNanos()) {
            connection.onTimer(now);
        }
        connection.endOfTurn(now);
        end = connection.state() == TcpState.TIME_WAIT ? TcpEnd.CLEAN : connection.end();
    }

    private void receive(int length, long now) {
        if (random.nextDouble() < loss || packet.parse(in, VIRTIO, length - VIRTIO) != IpPacket.OK
                || packet.protocol() != TcpHeader.PROTOCOL
                || !header.wrap(in, packet.payloadOffset(), packet.payloadLength())) {
            return;
        }
        if (connection.state() == TcpState.CLOSED && header.has(TcpHeader.SYN)) {
            ip.between(packet.dstHi(), packet.dstLo(), packet.srcHi(), packet.srcLo(), TcpHeader.PROTOCOL);
            connection.openPassive(header, random.nextInt(), now);
            connection.accept(now);
        } else {
            connection.onSegment(header, in, header.payloadOffset(), header.payloadLength(), now);
        }
    }

    @Override
    public String toString() {
        return connection.state() + " una " + connection.sndUna() + " nxt " + connection.sndNxt() + " edge "
                + connection.sndWindowEdge() + " received " + received + " released " + released;
    }

    @Override
    public int prepare(long position, int maxBytes) {
        prepared = position;
        return (int) Math.min(maxBytes, received - position);
    }

    @Override
    public boolean endsAt(long position) {
        return finished && position == received;
    }

    @Override
    public void release(long position) {
        released = position;
    }

    @Override
    public int deliver(long position, MemorySegment memory, long offset, int length) {
        store(position, memory, offset, length);
        received = position + length;
        return length;
    }

    @Override
    public boolean store(long position, MemorySegment memory, long offset, int length) {
        for (int done = 0; done < length; ) {
            int at = (int) ((position + done) % BUFFER_BYTES);
            int piece = Math.min(length - done, BUFFER_BYTES - at);
            MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, offset + done, buffer, at, piece);
            done += piece;
        }
        return true;
    }

    @Override
    public void advance(long position) {
        received = position;
    }

    @Override
    public long limit() {
        return released + BUFFER_BYTES;
    }

    @Override
    public void finished() {
        finished = true;
    }

    @Override
    public MemorySegment headers() {
        return out;
    }

    @Override
    public long tcpOffset() {
        return VIRTIO + IP;
    }

    @Override
    public void transmit(int tcpHeaderBytes, int payloadBytes, int mss) {
        if (random.nextDouble() < loss) {
            lostWithPayload += payloadBytes > 0 ? 1 : 0;
            return;
        }
        int at = VIRTIO + IP + tcpHeaderBytes;
        for (int done = 0; done < payloadBytes; ) {
            int from = (int) ((prepared + done) % BUFFER_BYTES);
            int piece = Math.min(payloadBytes - done, BUFFER_BYTES - from);
            MemorySegment.copy(buffer, from, out, ValueLayout.JAVA_BYTE, at + done, piece);
            done += piece;
        }
        ip.write(out, VIRTIO, tcpHeaderBytes + payloadBytes);
        Bytes.putU16(out, VIRTIO + IP + TcpHeader.CHECKSUM_OFFSET, ip.pseudoHeaderSum(tcpHeaderBytes + payloadBytes));
        VirtioNetHeader.writePartial(out, 0, VirtioNetHeader.GSO_TCPV4, IP, tcpHeaderBytes, TcpHeader.CHECKSUM_OFFSET,
                payloadBytes, mss);
        queue.write(out, 0, at + payloadBytes);
    }

    @Override
    public int mss() {
        return 1460;
    }

    @Override
    public int maxSegmentBytes() {
        return 65_535 - IP;
    }
}
