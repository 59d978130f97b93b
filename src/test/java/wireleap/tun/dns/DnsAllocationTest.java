package wireleap.tun.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import wireleap.tun.mem.Bytes;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.SipHash;
import wireleap.tun.mem.Slab;
import wireleap.tun.testing.HeapAllocation;
import wireleap.tun.testing.UnpeekedLink;
import wireleap.tun.upstream.DatagramLink;
import wireleap.tun.upstream.Direct;
import wireleap.tun.upstream.Link;
import wireleap.tun.upstream.LinkOwner;
import wireleap.tun.upstream.Links;
import wireleap.tun.upstream.SocketError;

/** A warm query allocates nothing, whether its connection stands already or is made for it. */
final class DnsAllocationTest {
    private static final int QUERIES = 20_000;
    private static final int A_TURN = 16;
    private static final int ROUNDS = 20;

    private final EchoLink link = new EchoLink();
    private final Owner owner = new Owner();
    private final Counters counters = new Counters();
    private final MemorySegment query = Arena.ofAuto().allocate(512);
    private final int length;
    private final DnsOverTcp dns = new DnsOverTcp(Redirect.NONE, new Direct(link, DnsWorld.SECOND, counters),
            new Slab(Arena.ofAuto().allocate(1 << 20, 4096)), counters, new SipHash(1, 2), owner);
    private long nowNanos;

    DnsAllocationTest() {
        byte[] bytes = Messages.query(1, "example.org", 1232, 0);
        length = bytes.length;
        MemorySegment.copy(bytes, 0, query, ValueLayout.JAVA_BYTE, 0, length);
    }

    /** Whatever is sent comes back, as answers if it were whole queries. */
    private static final class EchoLink implements Links, UnpeekedLink {
        private final MemorySegment bytes = Arena.ofAuto().allocate(1 << 16);
        private LinkOwner owner;
        private int end;
        private int start;

        @Override
        public Link connect(long hi, long lo, int port, LinkOwner opener) {
            owner = opener;
            end = 0;
            start = 0;
            return this;
        }

        @Override
        public DatagramLink datagrams(boolean v6, LinkOwner opener) {
            throw new AssertionError("no datagrams here");
        }

        @Override
        public DatagramLink connectedDatagrams(long hi, long lo, int port, LinkOwner opener) {
            throw new AssertionError("no datagrams here");
        }

        @Override
        public int connectResult() {
            return 0;
        }

        @Override
        public int send(MemorySegment memory, long offset, int length) {
            MemorySegment.copy(memory, offset, bytes, end, length);
            for (int at = 0; at < length; at += 2 + Bytes.u16(bytes, end + at)) {
                Bytes.putU16(bytes, end + at + 4, 0x8180);
            }
            end += length;
            return length;
        }

        @Override
        public int recv(MemorySegment memory, long offset, int length) {
            int came = Math.min(length, end - start);
            MemorySegment.copy(bytes, start, memory, offset, came);
            start += came;
            if (start == end) {
                start = 0;
                end = 0;
            }
            return came == 0 ? SocketError.AGAIN : came;
        }

        @Override
        public void passTo(LinkOwner who) {
            owner = who;
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

    private static final class Owner implements DnsOwner {
        private int answers;

        @Override
        public void onAnswer(long clientHi, long clientLo, int clientPort, long askedHi, long askedLo,
                             MemorySegment memory, long offset, int length) {
            answers++;
        }

        @Override
        public void onWork() {
        }
    }

    private void turn(int queries, long askedLo) {
        nowNanos += 1_000_000;
        for (int i = 0; i < queries; i++) {
            dns.ask(0, 1, 2, 0, askedLo, query, 0, length, nowNanos);
        }
        dns.turn(nowNanos);
        link.owner.onReady(LinkOwner.READABLE | LinkOwner.WRITABLE, nowNanos); // connected
        dns.turn(nowNanos);
        link.owner.onReady(LinkOwner.READABLE | LinkOwner.WRITABLE, nowNanos);
        dns.turn(nowNanos);
    }

    @Test
    void onAConnectionThatStands() {
        assertEquals(0, HeapAllocation.leastOf(ROUNDS, () -> {
            for (int i = 0; i < QUERIES; i += A_TURN) {
                turn(A_TURN, DnsWorld.SERVER);
            }
        }));
        assertEquals(counters.value(Counter.DNS_QUERIES), owner.answers);
        assertEquals(1, counters.value(Counter.DNS_STREAMS_OPENED));
    }

    @Test
    void onAConnectionOfItsOwn() {
        assertEquals(0, HeapAllocation.leastOf(ROUNDS, () -> {
            for (int i = 0; i < QUERIES; i += A_TURN) {
                turn(A_TURN, DnsWorld.SERVER + i / A_TURN % 8);
                nowNanos += DnsOverTcp.IDLE_NANOS;
                dns.onTimer(nowNanos);
                dns.turn(nowNanos);
            }
        }));
        assertEquals(counters.value(Counter.DNS_QUERIES), owner.answers);
        assertEquals(counters.value(Counter.DNS_QUERIES) / A_TURN, counters.value(Counter.DNS_STREAMS_OPENED));
    }
}
