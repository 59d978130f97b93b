package wireleap.tun.flow;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.function.Consumer;
import wireleap.tun.h2.H2Settings;
import wireleap.tun.h2.H2Watch;
import wireleap.tun.h2.H2c;
import wireleap.tun.h2.SimBroker;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Slab;
import wireleap.tun.upstream.Direct;
import wireleap.tun.upstream.SimNet;
import wireleap.tun.upstream.SimSocks;
import wireleap.tun.upstream.Socks5;
import wireleap.tun.upstream.Socks5Settings;
import wireleap.tun.upstream.Upstream;
import wireleap.tun.upstream.UpstreamStatus;
import wireleap.tun.wire.IpPacket;
import wireleap.tun.wire.PacketOutput;
import wireleap.tun.wire.TcpHeader;
import wireleap.tun.wire.VirtioNetHeader;

/**
 * A stack between clients and a network, both in memory, and the loop that drives it: time jumps to the next event.
 * Every packet that the stack sends is held against what the kernel would say of it.
 */
final class World implements PacketOutput {
    static final int MTU = 1500;
    static final long PATIENCE = 20_000_000_000L;
    private static final long END_DELAY = 5_000_000_000L;
    private static final int BROKER_PORT = 13_490;
    static final long CLIENT = SimNet.v4(10, 13, 49, 0);
    static final long SELF = SimNet.v4(10, 13, 49, 1);
    static final long CLIENT6_HI = 0xfd00_0000_0000_0001L;
    static final long CLIENT6_LO = 0;
    static final long SELF6_LO = 1;
    static final long TARGET = SimNet.v4(198, 51, 100, 7);
    static final long TARGET6_HI = 0x2001_0db8_0000_0000L;
    static final long PROXY = SimNet.v4(192, 0, 2, 1);

    final SimNet net;
    final Slab slab;
    final Counters counters = new Counters();
    final SimSocks.Manners manners = new SimSocks.Manners();
    final Upstream upstream;
    final Stack stack;
    /** Packets that no client took, such as ICMP and UDP, without the virtio header. */
    final List<byte[]> others = new ArrayList<>();
    /** Sees every packet. */
    Consumer<byte[]> tap = packet -> { };
    /** Lost packets in a thousand, both ways. */
    int lossPerMille;
    /** Whether the device takes super-datagrams. */
    boolean cutsDatagrams = true;
    private boolean closed;
    private final Map<Integer, SimClient> clients = new HashMap<>();
    private final Queue<SimClient> touched = new ArrayDeque<>();
    private final MemorySegment scratch = Arena.ofAuto().allocate(HEADER_SPACE);
    private final MemorySegment packet = Arena.ofAuto().allocate(1 << 17);
    private final IpPacket ip = new IpPacket();
    private final TcpHeader tcp = new TcpHeader();

    /** Makes an upstream. */
    private interface Way {
        Upstream over(SimNet net, Slab slab, Counters counters);
    }

    World(long seed, StackSettings settings, int slabBytes, boolean socks) {
        this(seed, settings, slabBytes, socks, true);
    }

    World(long seed, StackSettings settings, int slabBytes, boolean socks, boolean peeks) {
        this(seed, settings, slabBytes, socks ? World::socks : World::direct, peeks);
    }

    private World(long seed, StackSettings settings, int slabBytes, Way way, boolean peeks) {
        net = new SimNet(seed).peeks(peeks);
        slab = new Slab(Arena.ofAuto().allocate(slabBytes, 4096));
        net.listen(0, PROXY, 1080, () -> new SimSocks(manners));
        upstream = way.over(net, slab, counters);
        stack = new Stack(settings, slab, this, upstream, counters, seed, net.nowNanos());
    }

    private static Upstream direct(SimNet net, Slab slab, Counters counters) {
        return new Direct(net, PATIENCE, counters);
    }

    private static Upstream socks(SimNet net, Slab slab, Counters counters) {
        return new Socks5(net, new Socks5Settings(0, PROXY, 1080, "", "", PATIENCE), slab, counters, (s, e) -> { });
    }

    /** Behind a broker that behaves so. */
    static World broker(long seed, StackSettings settings, int slabBytes, SimBroker.Manners manners) {
        World world = new World(seed, settings, slabBytes, World::broker, true);
        world.net.listen(0, PROXY, BROKER_PORT, () -> new SimBroker(manners));
        return world;
    }

    private static Upstream broker(SimNet net, Slab slab, Counters counters) {
        H2Settings settings = new H2Settings(0, PROXY, BROKER_PORT, "192.0.2.1:13490", "/broker", PATIENCE, END_DELAY);
        return new H2c(net, settings, slab, counters, new H2Watch() {
            @Override
            public void onStatus(UpstreamStatus status, int socketError) {
            }

            @Override
            public void onStreamStatus(String status) {
            }

            @Override
            public void onConnectionLost(String why, int flows) {
            }
        });
    }

    static World direct() {
        return direct(true);
    }

    static World direct(boolean peeks) {
        return new World(1, settings(), 16 << 20, false, peeks);
    }

    static World socks() {
        return socks(true);
    }

    static World socks(boolean peeks) {
        return new World(1, settings(), 16 << 20, true, peeks);
    }

    static StackSettings settings() {
        return StackSettings.of(MTU, SELF, CLIENT6_HI, SELF6_LO);
    }

    SimClient client(int port) {
        return add(new SimClient(this, 0, CLIENT, port, 0, TARGET, 80));
    }

    SimClient client6(int port) {
        return add(new SimClient(this, CLIENT6_HI, CLIENT6_LO, port, TARGET6_HI, 1, 80));
    }

    SimClient add(SimClient client) {
        clients.put(client.port, client);
        return client;
    }

    long count(Counter counter) {
        return counters.value(counter);
    }

    /** Puts a packet (virtio header, IP packet) into the stack after the wire's delay. */
    void toStack(byte[] bytes) {
        if (net.random.nextInt(1000) >= lossPerMille) {
            net.after(20_000, now -> inject(bytes));
        }
    }

    /** Puts a packet into the stack now, without a turn's end. */
    void inject(byte[] bytes) {
        if (closed) {
            return;
        }
        MemorySegment.copy(bytes, 0, packet, ValueLayout.JAVA_BYTE, 64, bytes.length);
        stack.onPacket(packet, 64, bytes.length, net.nowNanos());
    }

    /** The end of the stack's turn, and of the clients' that were touched. */
    void turn() {
        stack.endOfTurn(net.nowNanos());
        if (stack.deadlineNanos() <= net.nowNanos()) {
            stack.onTimer(net.nowNanos());
        }
        for (SimClient client = touched.poll(); client != null; client = touched.poll()) {
            client.turn();
        }
    }

    /** A client has something to do at the turn's end. */
    void touch(SimClient client) {
        touched.add(client);
    }

    private long nextNanos() {
        return touched.isEmpty() ? Math.min(net.nextNanos(), stack.deadlineNanos()) : net.nowNanos();
    }

    /** Runs until nothing happens for so long, or would ever. */
    void settle(long quietNanos) {
        turn();
        while (nextNanos() <= net.nowNanos() + quietNanos) {
            net.advanceTo(Math.max(nextNanos(), net.nowNanos()));
            turn();
        }
    }

    /** Runs for a while. */
    void run(long nanos) {
        long until = net.nowNanos() + nanos;
        turn();
        while (nextNanos() <= until) {
            net.advanceTo(Math.max(nextNanos(), net.nowNanos()));
            turn();
        }
        net.advanceTo(until);
        turn();
    }

    void settle() {
        settle(60_000_000_000L);
    }

    /** Closes the stack and says what is left: it must be nothing. */
    String leftAfterClose() {
        closed = true;
        stack.close(net.nowNanos());
        net.settle();
        return net.openLinks() + " links, " + slab.usedBytes() + " bytes, " + stack.tcpFlows() + " flows, "
                + stack.udpSessions() + " sessions";
    }

    static final String NOTHING = "0 links, 0 bytes, 0 flows, 0 sessions";

    @Override
    public boolean cutsDatagrams() {
        return cutsDatagrams;
    }

    @Override
    public MemorySegment headers() {
        return scratch;
    }

    @Override
    public void send(int headerBytes, MemorySegment m1, long off1, int len1, MemorySegment m2, long off2, int len2) {
        byte[] bytes = new byte[headerBytes + len1 + len2];
        MemorySegment.copy(scratch, ValueLayout.JAVA_BYTE, HEADER_OFFSET, bytes, 0, headerBytes);
        if (len1 > 0) {
            MemorySegment.copy(m1, ValueLayout.JAVA_BYTE, off1, bytes, headerBytes, len1);
        }
        if (len2 > 0) {
            MemorySegment.copy(m2, ValueLayout.JAVA_BYTE, off2, bytes, headerBytes + len1, len2);
        }
        KernelView.check(bytes, MTU);
        tap.accept(bytes);
        if (net.random.nextInt(1000) >= lossPerMille) {
            net.after(20_000, now -> fromStack(bytes, now));
        }
    }

    private void fromStack(byte[] bytes, long nowNanos) {
        MemorySegment memory = MemorySegment.ofArray(bytes);
        int offset = VirtioNetHeader.BYTES;
        int reason = ip.parse(memory, offset, bytes.length - offset);
        if (reason != IpPacket.OK) {
            throw new AssertionError("the stack sent a packet that cannot be read: " + IpPacket.counter(reason));
        }
        if (ip.protocol() == TcpHeader.PROTOCOL && tcp.wrap(memory, ip.payloadOffset(), ip.payloadLength())) {
            SimClient client = clients.get(tcp.dstPort());
            if (client != null) {
                client.receive(tcp, memory, nowNanos);
                return;
            }
        }
        others.add(Arrays.copyOfRange(bytes, offset, bytes.length));
    }
}
