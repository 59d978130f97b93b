package wireleap.tun.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Slab;
import wireleap.tun.testing.HeapAllocation;
import wireleap.tun.testing.UnpeekedLink;

/** Streams that come and go allocate nothing, nor do the connections that are made for them in advance. */
final class Socks5AllocationTest {
    private static final int STREAMS = 1_000;
    private static final int ROUNDS = 60;
    private static final long MILLI = 1_000_000;
    private static final int LINKS = 16;
    private static final MemorySegment ANSWER = MemorySegment.ofArray(new byte[] {5, 0, 0, 1, 0, 0, 0, 0, 0, 0});

    private final ServedLinks links = new ServedLinks();
    private final Counters counters = new Counters();
    private final Socks5 socks = new Socks5(links, new Socks5Settings(0, 1, 1080, "", "", 1_000 * MILLI),
            new Slab(Arena.ofAuto().allocate(1 << 20, 4096)), counters, (status, error) -> { });
    private final Owner owner = new Owner();
    private long nowNanos;

    /** Sockets that are used again, each with a server behind it that answers at once. */
    private static final class ServedLinks implements Links {
        private final ServedLink[] links = new ServedLink[LINKS];

        ServedLinks() {
            for (int i = 0; i < LINKS; i++) {
                links[i] = new ServedLink();
            }
        }

        @Override
        public Link connect(long hi, long lo, int port, LinkOwner owner) {
            for (ServedLink link : links) {
                if (link.owner == null) {
                    link.owner = owner;
                    link.answerBytes = 0;
                    link.received = 0;
                    return link;
                }
            }
            throw new AssertionError("links are not closed");
        }

        @Override
        public DatagramLink datagrams(boolean v6, LinkOwner owner) {
            throw new AssertionError();
        }

        @Override
        public DatagramLink connectedDatagrams(long hi, long lo, int port, LinkOwner owner) {
            throw new AssertionError();
        }

        void tell(long nowNanos) {
            for (ServedLink link : links) {
                if (link.owner != null) {
                    link.owner.onReady(LinkOwner.READABLE | LinkOwner.WRITABLE, nowNanos);
                }
            }
        }
    }

    private static final class ServedLink implements UnpeekedLink {
        private LinkOwner owner;
        /** How long the answer to the last message is, and how much of it was received. */
        private int answerBytes;
        private int received;

        @Override
        public int connectResult() {
            return 0;
        }

        @Override
        public int send(MemorySegment memory, long offset, int length) {
            answerBytes = length == 3 ? 2 : (int) ANSWER.byteSize();
            received = 0;
            return length;
        }

        @Override
        public int recv(MemorySegment memory, long offset, int length) {
            int taken = Math.min(length, answerBytes - received);
            MemorySegment.copy(ANSWER, received, memory, offset, taken);
            received += taken;
            return taken == 0 ? SocketError.AGAIN : taken;
        }

        @Override
        public void passTo(LinkOwner other) {
            owner = other;
        }

        @Override
        public void shutdownWrite() {
        }

        @Override
        public void reset() {
            owner = null;
        }

        @Override
        public void close() {
            owner = null;
        }
    }

    private static final class Owner implements StreamOwner {
        private int connected;

        @Override
        public void onConnected(long nowNanos) {
            connected++;
        }

        @Override
        public void onRefused(long nowNanos) {
            throw new AssertionError("refused");
        }

        @Override
        public void onReady(int events, long nowNanos) {
        }
    }

    private void comeAndGo() {
        for (int i = 0; i < STREAMS; i++) {
            nowNanos += MILLI;
            UpstreamStream stream = socks.open(0, 2, 80, owner, nowNanos);
            socks.onTimer(nowNanos);
            links.tell(nowNanos);
            stream.close();
        }
    }

    @Test
    void streamsThatComeAndGoAllocateNothing() {
        assertEquals(0, HeapAllocation.leastOf(ROUNDS, this::comeAndGo));
        assertEquals(nowNanos / MILLI, owner.connected);
        assertTrue(counters.value(Counter.UPSTREAM_SPARES_USED) > owner.connected - 4);
    }
}
