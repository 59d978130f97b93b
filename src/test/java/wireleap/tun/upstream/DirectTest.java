package wireleap.tun.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import wireleap.tun.mem.Counters;

/** Straight connections and datagrams. */
final class DirectTest {
    private static final long PATIENCE = 20_000_000_000L;
    private static final long TARGET = SimNet.v4(198, 51, 100, 7);

    private final SimNet net = new SimNet(1);
    private final Direct direct = new Direct(net, PATIENCE, new Counters());
    private final Recorder flow = new Recorder();

    DirectTest() {
        net.listen(0, TARGET, 80, SimServer::echo);
    }

    @AfterEach
    void nothingIsLeft() {
        net.settle();
        assertEquals(0, net.openLinks());
        assertEquals(Long.MAX_VALUE, direct.deadlineNanos());
    }

    private void run() {
        flow.stream = direct.open(0, TARGET, 80, flow, net.nowNanos());
        net.settle();
        if (direct.deadlineNanos() != Long.MAX_VALUE) {
            net.advanceTo(direct.deadlineNanos());
            direct.onTimer(net.nowNanos());
        }
    }

    @Test
    void bytesGoThereAndBack() {
        flow.saying("hello");
        run();
        assertEquals("hello", flow.heard());
        flow.stream.close();
    }

    @ParameterizedTest
    @MethodSource("failures")
    void failureToConnectBecomesTheRefusalOfThatName(int socketError, Refusal expected) {
        net.fail(0, TARGET, 80, socketError);
        run();
        assertEquals(expected, flow.stream.refusal());
        assertEquals(1, flow.refused);
        flow.stream.close();
    }

    static Stream<Arguments> failures() {
        return Stream.of(Arguments.of(SocketError.REFUSED, Refusal.REFUSED),
                Arguments.of(SocketError.NET_UNREACHABLE, Refusal.NET_UNREACHABLE),
                Arguments.of(SocketError.HOST_UNREACHABLE, Refusal.HOST_UNREACHABLE),
                Arguments.of(SocketError.NO_PERMISSION, Refusal.NOT_ALLOWED),
                Arguments.of(SocketError.ADDRESS_GONE, Refusal.NET_UNREACHABLE),
                Arguments.of(SocketError.TIMED_OUT, Refusal.TIMED_OUT),
                Arguments.of(SocketError.OTHER, Refusal.FAILED),
                Arguments.of(SocketError.AGAIN, Refusal.TIMED_OUT));
    }

    @Test
    void socketThatCannotBeMadeIsARefusalAtOnce() {
        net.exhausted(true);
        flow.stream = direct.open(0, TARGET, 80, flow, net.nowNanos());
        assertEquals(Refusal.FAILED, flow.stream.refusal());
        flow.stream.close();
    }

    @Test
    void closingAConnectedStreamLeavesTheOthersTheirPatience() {
        run();
        net.fail(0, TARGET, 81, SocketError.AGAIN);
        Recorder silent = new Recorder();
        silent.stream = direct.open(0, TARGET, 81, silent, net.nowNanos());
        flow.stream.close();
        net.advanceTo(direct.deadlineNanos());
        direct.onTimer(net.nowNanos());
        assertEquals(Refusal.TIMED_OUT, silent.stream.refusal());
        silent.stream.close();
    }

    @Test
    void resetIsToldAfterWhatCameBefore() {
        net.listen(0, TARGET, 80, () -> new SimServer() {
            @Override
            public void onOpen(SimLink link) {
                link.serverSend("last words".getBytes());
                link.serverReset();
            }

            @Override
            public void onBytes(SimLink link, byte[] bytes) {
            }
        });
        run();
        assertEquals("last words", flow.heard());
        assertEquals(SocketError.RESET, flow.end);
        flow.stream.reset();
    }

    @Test
    void oneSessionSpeaksToManyTargets() {
        DatagramSession session = direct.datagrams(false, new DatagramOwner() {
            @Override
            public void onOpened(long nowNanos) {
            }

            @Override
            public void onEnded(long nowNanos) {
            }

            @Override
            public void onReady(int events, long nowNanos) {
            }
        }, 0);
        MemorySegment buffer = MemorySegment.ofArray(new byte[100]);
        DatagramMeta meta = new DatagramMeta();
        for (int i = 1; i <= 3; i++) {
            net.listenDatagrams(0, TARGET + i, 7, (from, to, datagram) -> from.deliver(to, datagram));
            session.send(0, TARGET + i, 7, buffer, 0, i, i, true);
            net.settle();
            assertEquals(i, session.recv(meta, buffer, 0, 100));
            assertEquals(TARGET + i, meta.lo());
        }
        assertTrue(session.isOpen());
        session.close();
    }
}
