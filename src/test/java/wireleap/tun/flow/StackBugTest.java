package wireleap.tun.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.mem.Bytes;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Slab;
import wireleap.tun.upstream.DatagramLink;
import wireleap.tun.upstream.Direct;
import wireleap.tun.upstream.Link;
import wireleap.tun.upstream.LinkOwner;
import wireleap.tun.upstream.Links;
import wireleap.tun.wire.IpPacket;
import wireleap.tun.wire.PacketOutput;

/** A bug, anywhere below a flow, ends that flow and leaves nothing of it; the next one is served. */
final class StackBugTest implements PacketOutput {
    private static final int PORT = 4000;

    private final StillLinks sockets = new StillLinks();
    private final Slab slab = new Slab(Arena.ofAuto().allocate(4 << 20, 4096));
    private final MemorySegment scratch = Arena.ofAuto().allocate(HEADER_SPACE);
    private final Counters counters = new Counters();
    private final Stack stack;
    /** What throws when it is called next, once. */
    private Optional<String> fault = Optional.empty();
    private int bugs;
    /** The sequence number of the packet that was sent last, if it was TCP. */
    private int sentSeq;
    private long nowNanos = 1_000_000_000L;

    StackBugTest() {
        Links links = faulty(Links.class, sockets);
        stack = new Stack(World.settings(), slab, this, new Direct(links, World.PATIENCE, counters), counters, 1, nowNanos);
    }

    private <T> T faulty(Class<T> type, T real) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
            if (fault.equals(Optional.of(method.getName()))) {
                fault = Optional.empty();
                throw new IllegalStateException("a bug of a test in " + method.getName());
            }
            try {
                Object result = method.invoke(real, arguments);
                return switch (result) {
                    case Link link when method.getReturnType() == Link.class -> faulty(Link.class, link);
                    case DatagramLink link when method.getReturnType() == DatagramLink.class ->
                            faulty(DatagramLink.class, link);
                    case null, default -> result;
                };
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        }));
    }

    /** As the loop does: what fails is noted, and it goes on. */
    private void survive(Runnable step) {
        try {
            step.run();
        } catch (IllegalStateException bug) {
            bugs++;
        }
    }

    private void packet(byte[] bytes) {
        MemorySegment memory = Arena.ofAuto().allocate(bytes.length);
        MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 0, bytes.length);
        survive(() -> stack.onPacket(memory, 0, bytes.length, nowNanos));
    }

    private void segment(int port, int seq, int flags) {
        packet(Packets.tcp(World.CLIENT, port, World.TARGET, 80, seq, sentSeq + 1, flags));
    }

    private void turn() {
        survive(() -> stack.endOfTurn(nowNanos));
        survive(() -> stack.onTimer(nowNanos));
    }

    /** What the last socket that was opened has to tell, if it still is open. */
    private void tell(int events) {
        if (stack.tcpFlows() + stack.udpSessions() > 0) {
            survive(() -> sockets.owner.onReady(events, nowNanos));
        }
    }

    /** From its SYN to its FIN, whatever happens between. */
    private void tcpFlow(int port) {
        segment(port, 1, Packets.SYN);
        turn();
        tell(LinkOwner.WRITABLE);
        turn();
        segment(port, 2, Packets.ACK);
        turn();
        sockets.receivable = 2000;
        tell(LinkOwner.READABLE);
        turn();
        segment(port, 2, Packets.ACK | Packets.FIN);
        turn();
    }

    private void udpFlow(int port) {
        packet(Packets.udp(0, World.CLIENT, port, 0, World.TARGET, 443, new byte[100]));
        turn();
        sockets.receivable = 3;
        tell(LinkOwner.READABLE | LinkOwner.FAILED);
        turn();
    }

    @Test
    void withoutABugTheFlowStays() {
        tcpFlow(PORT);
        udpFlow(PORT);
        assertEquals(1, stack.tcpFlows());
        assertEquals(1, stack.udpSessions());
        assertEquals(0, bugs);
    }

    @ParameterizedTest
    @ValueSource(strings = {"connect", "connectResult", "peeks", "peek", "shutdownWrite"})
    void aTcpFlowThatMeetsABugIsGone(String method) {
        long before = slab.usedBytes();
        fault = Optional.of(method);
        tcpFlow(PORT);
        assertTrue(fault.isEmpty(), method + " was not called");
        assertEquals(1, bugs);
        assertEquals(0, stack.tcpFlows());
        assertEquals(before, slab.usedBytes());
        assertEquals(1, counters.value(Counter.TCP_RESET_BUG));
        tcpFlow(PORT + 1);
        assertEquals(1, stack.tcpFlows());
    }

    @ParameterizedTest
    @ValueSource(strings = {"datagrams", "openResult", "mayFragment", "send", "recv", "unreachable"})
    void aSessionThatMeetsABugIsGone(String method) {
        long before = slab.usedBytes();
        fault = Optional.of(method);
        udpFlow(PORT);
        assertTrue(fault.isEmpty(), method + " was not called");
        assertEquals(1, bugs);
        assertEquals(0, stack.udpSessions());
        assertEquals(before, slab.usedBytes());
        udpFlow(PORT + 1);
        assertEquals(1, stack.udpSessions());
    }

    @Override
    public boolean cutsDatagrams() {
        return true;
    }

    @Override
    public MemorySegment headers() {
        return scratch;
    }

    @Override
    public void send(int headerBytes, MemorySegment m1, long off1, int len1, MemorySegment m2, long off2, int len2) {
        sentSeq = Bytes.i32(scratch, IP_OFFSET + IpPacket.IPV4_HEADER_BYTES + 4);
    }
}
