package wireleap.tun.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import wireleap.tun.mem.Counters;
import wireleap.tun.os.Errno;
import wireleap.tun.os.Poller;
import wireleap.tun.upstream.Link;
import wireleap.tun.upstream.SocketError;

class StreamLinkTest {
    private static final int RESET = -Errno.ECONNRESET.number();
    private static final int PIPE = -Errno.EPIPE.number();
    private static final long IPV4 = 0xffff_0000_0001L;

    private final SimSockets sockets = new SimSockets();
    private final SimPoller poller = new SimPoller();
    private final SocketLinks links = new SocketLinks(sockets, poller, new Counters());
    private final MemorySegment memory = Arena.ofAuto().allocate(16);
    private final Link link = links.connect(0, 1, 2, (events, nowNanos) -> { });

    private void told(int events) {
        links.tell(poller.data.get(100), events, 0);
    }

    private int recv(int result) {
        sockets.recvResult = result;
        return link.recv(memory, 0, 16);
    }

    private int send(int result) {
        sockets.sendResult = result;
        return link.send(memory, 0, 16);
    }

    @Test
    void anEndIsAnEnd() {
        assertEquals(0, recv(0));
    }

    @Test
    void anEndAfterAResetIsTheReset() {
        recv(RESET);
        assertEquals(SocketError.RESET, recv(0));
    }

    @Test
    void aResetBehindTheEndIsTold() {
        recv(0);
        sockets.connectResult = PIPE;
        told(Poller.READABLE | Poller.ENDED | Poller.FAILED);
        assertEquals(SocketError.RESET, recv(0));
    }

    @Test
    void theEndOfBothDirectionsIsNoFailure() {
        told(Poller.READABLE | Poller.ENDED | Poller.FAILED);
        assertEquals(0, recv(0));
    }

    @Test
    void anEndAfterSendingFailedIsTheFailure() {
        send(PIPE);
        assertEquals(SocketError.RESET, recv(0));
    }

    @Test
    void bytesThatCameBeforeTheFailureAreStillReceived() {
        send(PIPE);
        assertEquals(5, recv(5));
        assertEquals(SocketError.RESET, recv(0));
    }

    @Test
    void aFailedLinkIsNeverJustNotReady() {
        send(PIPE);
        assertEquals(SocketError.RESET, recv(SimSockets.EAGAIN));
    }

    @Test
    void aFailedLinkSendsNothing() {
        recv(RESET);
        assertEquals(SocketError.RESET, send(0));
        assertEquals(0, sockets.sends);
    }

    @Test
    void notNowIsNoFailure() {
        recv(SimSockets.EAGAIN);
        send(SimSockets.EAGAIN);
        assertEquals(16, send(0));
        assertEquals(0, recv(0));
    }

    @Test
    void aConnectionThatFailedStaysFailed() {
        sockets.connectResult = -Errno.ECONNREFUSED.number();
        link.connectResult();
        sockets.connectResult = 0; // the kernel has told its error and now says that all is well
        assertEquals(SocketError.REFUSED, link.connectResult());
    }

    @Test
    void aSocketThatCannotBeMadeSaysWhyAndIsClosedLikeAnyOther() {
        sockets.openError = -Errno.EMFILE.number();
        var none = links.connect(0, 1, 2, (events, nowNanos) -> { });
        assertEquals(SocketError.NO_RESOURCES, none.connectResult());
        assertEquals(SocketError.NO_RESOURCES, none.send(memory, 0, 16));
        assertEquals(SocketError.NO_RESOURCES, none.recv(memory, 0, 16));
        none.shutdownWrite();
        none.reset();
        assertEquals(1, sockets.open.size());
    }

    @Test
    void whoUsesAClosedLinkSeesNoCleanEnd() {
        link.close();
        assertEquals(SocketError.OTHER, recv(0));
    }

    @Test
    void aLinkUsedAgainHasForgottenItsFailure() {
        recv(RESET);
        link.close();
        var again = links.connect(0, 1, 2, (events, nowNanos) -> { });
        assertEquals(link, again);
        sockets.recvResult = 0;
        assertEquals(0, again.recv(memory, 0, 16));
    }

    @Test
    void resetResets() {
        link.reset();
        assertTrue(sockets.open.isEmpty());
        assertEquals(1, sockets.wereReset.size());
    }

    @Test
    void closeCloses() {
        link.close();
        assertTrue(sockets.open.isEmpty());
        assertTrue(sockets.wereReset.isEmpty());
    }

    /** How many receptions get as far as the kernel. */
    private int receptions(int... results) {
        var before = sockets.receptions;
        for (var result : results) {
            recv(result);
        }
        return sockets.receptions - before;
    }

    @Test
    void nothingIsAskedOfTheKernelBehindBytesThatFellShort() {
        assertEquals(1, receptions(5, 5));
        assertEquals(SocketError.AGAIN, recv(5));
    }

    @Test
    void bytesThatFilledAllTheRoomMayBeFollowedByMore() {
        assertEquals(2, receptions(16, 16));
    }

    @Test
    void whatThePollerTellsMakesTheKernelWorthAsking() {
        recv(5);
        told(Poller.READABLE);
        assertEquals(5, recv(5));
    }

    @Test
    void roomToSendIsNothingToRead() {
        recv(5);
        told(Poller.WRITABLE);
        assertEquals(SocketError.AGAIN, recv(5));
    }

    @Test
    void anEndThatWasToldIsFoundBehindBytesThatFellShort() {
        told(Poller.READABLE | Poller.ENDED);
        recv(5);
        assertEquals(0, recv(0));
    }

    @Test
    void aFailureThatWasToldIsFoundBehindBytesThatFellShort() {
        told(Poller.READABLE | Poller.FAILED);
        recv(5);
        assertEquals(SocketError.RESET, recv(RESET));
    }

    @Test
    void urgentDataMakesShortReadsSayNothing() {
        told(Poller.READABLE | Poller.URGENT);
        assertEquals(2, receptions(5, 5));
    }

    @Test
    void failedSendingShowsBehindBytesThatFellShort() {
        recv(5);
        send(PIPE);
        assertEquals(SocketError.RESET, recv(0));
    }

    @Test
    void aLinkUsedAgainHasForgottenWhatItWasTold() {
        told(Poller.READABLE | Poller.ENDED);
        link.close();
        var again = links.connect(0, 1, 2, (events, nowNanos) -> { });
        sockets.recvResult = 5;
        again.recv(memory, 0, 16);
        assertEquals(SocketError.AGAIN, again.recv(memory, 0, 16));
    }

    @Test
    void whereAPeekBeginsMakesTheKernelWorthAsking() {
        sockets.recvResult = 5;
        assertEquals(5, link.peek(memory, 0, 16));
        assertEquals(SocketError.AGAIN, link.peek(memory, 0, 16));
        link.peekFrom(3);
        assertEquals(3, sockets.peekPosition);
        assertEquals(5, link.peek(memory, 0, 16));
    }

    @Test
    void aFailureIsRememberedWhilePeeking() {
        sockets.recvResult = RESET;
        link.peek(memory, 0, 16);
        sockets.recvResult = 0;
        assertEquals(SocketError.RESET, link.peek(memory, 0, 16));
    }

    @Test
    void discardedBytesAreTheKernels() {
        assertEquals(7, link.discard(7));
        assertEquals(7, sockets.discarded);
    }

    @Test
    void peekingIsAMatterOfTheFamily() {
        sockets.peeks = true;
        assertFalse(links.connect(0, 1, 2, (events, nowNanos) -> { }).peeks());
        assertTrue(links.connect(0, IPV4, 2, (events, nowNanos) -> { }).peeks());
    }
}
