package wireleap.tun.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Slab;
import wireleap.tun.testing.UnpeekedLink;

/** A server so near that its answers are there before connecting has returned; seen in network namespaces. */
class Socks5NearbyServerTest {
    private static final byte[] ANSWERS = {5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0};

    /** A link on which everything has happened already, and its owner's one edge is still to come. */
    private static final class NearLink implements Links, UnpeekedLink {
        private LinkOwner owner;
        private int read;

        @Override
        public Link connect(long hi, long lo, int port, LinkOwner owner) {
            this.owner = owner;
            return this;
        }

        @Override
        public DatagramLink datagrams(boolean v6, LinkOwner owner) {
            throw new AssertionError();
        }

        @Override
        public DatagramLink connectedDatagrams(long hi, long lo, int port, LinkOwner owner) {
            throw new AssertionError();
        }

        @Override
        public int connectResult() {
            return 0;
        }

        @Override
        public int send(MemorySegment memory, long offset, int length) {
            return length;
        }

        @Override
        public int recv(MemorySegment memory, long offset, int length) {
            int taken = Math.min(length, ANSWERS.length - read);
            MemorySegment.copy(ANSWERS, read, memory, ValueLayout.JAVA_BYTE, offset, taken);
            read += taken;
            return taken == 0 ? SocketError.AGAIN : taken;
        }

        @Override
        public void passTo(LinkOwner owner) {
            this.owner = owner;
        }

        @Override
        public void shutdownWrite() {
        }

        @Override
        public void reset() {
        }

        @Override
        public void close() {
        }
    }

    @Test
    void theFlowIsToldAllTheSame() {
        var link = new NearLink();
        var socks = new Socks5(link, new Socks5Settings(0, 1, 1080, "", "", 1_000_000_000L),
                new Slab(Arena.ofAuto().allocate(1 << 20)), new Counters(), (status, error) -> { });
        var flow = new Recorder();
        flow.stream = socks.open(0, 2, 80, flow, 0);
        link.owner.onReady(LinkOwner.WRITABLE | LinkOwner.READABLE, 0);
        assertEquals(1, flow.connected);
    }
}
