package wireleap.tun.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import wireleap.tun.mem.Counters;
import wireleap.tun.os.Errno;
import wireleap.tun.upstream.Link;
import wireleap.tun.upstream.SocketError;

class StreamLinkTest {
    private static final int RESET = -Errno.ECONNRESET.number();
    private static final int PIPE = -Errno.EPIPE.number();

    private final SimSockets sockets = new SimSockets();
    private final SocketLinks links = new SocketLinks(sockets, new SimPoller(), new Counters());
    private final MemorySegment memory = Arena.ofAuto().allocate(16);
    private final Link link = links.connect(0, 1, 2, (events, nowNanos) -> { });

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
}
