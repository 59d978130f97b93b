package wireleap.tun.h2;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Slab;
import wireleap.tun.upstream.LinkOwner;
import wireleap.tun.upstream.Refusal;
import wireleap.tun.upstream.SocketError;
import wireleap.tun.upstream.UpstreamStatus;

/** A link that fails: what came before is read, though nothing can be sent any more; then another may be dialled. */
class FailedLinkTest implements H2Watch {
    private final ScriptedLink link = new ScriptedLink();
    private final H2c h2 = new H2c(link, new H2Settings(0, 1, 1, "a:1", "/", 1L << 40, 1L << 40),
            new Slab(Arena.ofAuto().allocate(32 << 20, 4096)), new Counters(), this);
    private final Caller caller = new Caller();
    private long nowNanos;
    private String lost = "";

    private void tell(int events) {
        link.owner.onReady(events, nowNanos);
        turn();
    }

    private void turn() {
        nowNanos += 100_000;
        h2.onTimer(nowNanos);
    }

    private void failBehind(byte[] script, int error) {
        caller.stream = h2.open(0, 1, 80, caller, nowNanos);
        link.script(Peer.frame(Frame.SETTINGS, 0, 0));
        tell(LinkOwner.READABLE | LinkOwner.WRITABLE);
        link.most = 5;
        link.script(script);
        tell(LinkOwner.READABLE);
        link.error = error;
        caller.say("nobody will hear it");
        for (int i = 0; i < 20; i++) {
            turn();
        }
    }

    @Test
    void theAnswerIsHeardToItsEnd() {
        failBehind(Peer.join(Peer.frame(Frame.HEADERS, Frame.END_HEADERS, 1, (byte) 0x88),
                Peer.frame(Frame.DATA, Frame.END_STREAM, 1, "the end of it".getBytes(StandardCharsets.US_ASCII))),
                SocketError.RESET);
        assertEquals("the end of it 0", caller.text() + " " + caller.end);
    }

    @Test
    void thenTheConnectionIsLost() {
        failBehind(new byte[0], SocketError.RESET);
        assertEquals("connection reset " + SocketError.RESET, lost + " " + caller.end);
    }

    @Test
    void theBrokerIsLeftAloneForAWhile() {
        failBehind(new byte[0], SocketError.RESET);
        assertEquals(Refusal.FAILED, h2.open(0, 1, 80, caller, nowNanos).refusal());
    }

    @Test
    void theBrokerIsDialledAtOnceIfOnlyOurAddressIsGone() {
        failBehind(new byte[0], SocketError.ADDRESS_GONE);
        assertEquals(Refusal.NONE, h2.open(0, 1, 80, caller, nowNanos).refusal());
    }

    @Test
    void allThatStillComesIsThrownAwayBehindTheLastWord() {
        caller.stream = h2.open(0, 1, 80, caller, nowNanos);
        link.script(Peer.frame(Frame.SETTINGS, 0, 0));
        tell(LinkOwner.READABLE | LinkOwner.WRITABLE);
        link.script(Peer.join(Peer.frame(Frame.PING, 0, 1, new byte[8]), new byte[4 << 20]));
        tell(LinkOwner.READABLE);
        for (int i = 0; i < 100 && h2.deadlineNanos() <= nowNanos; i++) {
            h2.onTimer(nowNanos);
        }
        assertEquals(0, link.left());
    }

    @Override
    public void onStatus(UpstreamStatus status, int socketError) {
    }

    @Override
    public void onStreamStatus(String status) {
        throw new AssertionError(status);
    }

    @Override
    public void onConnectionLost(String why, int flows) {
        lost = why;
    }
}
