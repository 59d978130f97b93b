package wireleap.tun.h2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Slab;
import wireleap.tun.testing.HeapAllocation;
import wireleap.tun.upstream.LinkOwner;
import wireleap.tun.upstream.StreamOwner;
import wireleap.tun.upstream.UpstreamStatus;
import wireleap.tun.upstream.UpstreamStream;

/** What is promised of the heap: none for DATA, either way, with the windows that go with it. */
class AllocationTest implements H2Watch, StreamOwner {
    private static final int ROUNDS = 40;
    private static final int FRAMES = 2_000;
    private static final int FRAME_BYTES = 8_000;

    private final ScriptedLink link = new ScriptedLink();
    private final Slab slab = new Slab(Arena.ofAuto().allocate(32 << 20, 4096));
    private final H2c h2 = new H2c(link, new H2Settings(0, 1, 1, "a:1", "/", 1L << 40, 1L << 40), slab, new Counters(),
            this);
    private final MemorySegment payload = Arena.ofAuto().allocate(1 << 16);
    private final byte[] widening = Peer.join(update(0), update(1));
    private final byte[] data = Peer.frame(Frame.DATA, 0, 1, new byte[FRAME_BYTES]);
    private UpstreamStream stream;
    private long nowNanos;
    private long came;
    private long sent;

    private static byte[] update(int id) {
        return Peer.frame(Frame.WINDOW_UPDATE, 0, id, ByteBuffer.allocate(4).putInt(FRAME_BYTES).array());
    }

    @BeforeEach
    void open() {
        stream = h2.open(0, 1, 80, this, nowNanos);
        link.script(Peer.frame(Frame.SETTINGS, 0, 0));
        link.owner.onReady(LinkOwner.READABLE | LinkOwner.WRITABLE, nowNanos);
        turn();
        receive(Peer.frame(Frame.HEADERS, Frame.END_HEADERS, 1, (byte) 0x88));
    }

    private void receive(byte[] bytes) {
        link.script(bytes);
        link.owner.onReady(LinkOwner.READABLE, nowNanos);
        turn();
    }

    private void turn() {
        nowNanos += 100_000;
        h2.onTimer(nowNanos);
    }

    @Test
    void dataTowardsUsAllocatesNothing() {
        assertEquals(0, HeapAllocation.leastOf(ROUNDS, () -> {
            for (int i = 0; i < FRAMES; i++) {
                receive(data);
                for (int got = stream.peek(payload, 0, 1 << 16); got > 0; got = stream.peek(payload, 0, 1 << 16)) {
                    came += stream.discard(got);
                }
                turn();
            }
        }));
        assertTrue(came >= (long) FRAMES * FRAME_BYTES);
    }

    @Test
    void dataTowardsTheBrokerAllocatesNothing() {
        assertEquals(0, HeapAllocation.leastOf(ROUNDS, () -> {
            for (int i = 0; i < FRAMES; i++) {
                sent += Math.max(0, stream.write(payload, 0, FRAME_BYTES));
                receive(widening);
            }
        }));
        assertTrue(sent >= (long) FRAMES * FRAME_BYTES && link.sent > sent);
    }

    @Override
    public void onConnected(long now) {
    }

    @Override
    public void onRefused(long now) {
    }

    @Override
    public void onReady(int events, long now) {
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
        throw new AssertionError(why);
    }
}
