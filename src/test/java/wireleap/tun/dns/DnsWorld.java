package wireleap.tun.dns;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.SipHash;
import wireleap.tun.mem.Slab;
import wireleap.tun.upstream.Direct;
import wireleap.tun.upstream.SimNet;

/** Queries over a network in memory, to a server in it; time jumps to the next event. */
final class DnsWorld implements DnsOwner {
    static final long SECOND = 1_000_000_000L;
    static final long CLIENT = SimNet.v4(10, 13, 49, 0);
    static final long SERVER = SimNet.v4(198, 51, 100, 53);
    static final long OTHER_SERVER = SimNet.v4(198, 51, 100, 54);
    private static final long PATIENCE = 20 * SECOND;

    /** What a client gets. */
    record Answer(long clientLo, int clientPort, long askedLo, byte[] message, long atNanos) {
        int id() {
            return Messages.u16(message, 0);
        }

        int flags() {
            return Messages.u16(message, 2);
        }

        int code() {
            return flags() & 15;
        }

        boolean isTruncated() {
            return (flags() & 0x0200) != 0;
        }
    }

    final SimNet net;
    final Slab slab;
    final Counters counters = new Counters();
    final Nameserver server = new Nameserver();
    final List<Answer> answers = new ArrayList<>();
    final DnsOverTcp dns;
    private final Direct upstream;
    private boolean work;

    DnsWorld(long seed, Redirect redirect, int slabBytes) {
        net = new SimNet(seed);
        slab = new Slab(Arena.ofAuto().allocate(slabBytes, 4096));
        upstream = new Direct(net, PATIENCE, counters);
        dns = new DnsOverTcp(redirect, upstream, slab, counters, new SipHash(seed, 7), this);
        net.listen(0, SERVER, 53, server::connection);
    }

    DnsWorld() {
        this(1, Redirect.NONE, 4 << 20);
    }

    @Override
    public void onAnswer(long clientHi, long clientLo, int clientPort, long askedHi, long askedLo,
                         MemorySegment memory, long offset, int length) {
        byte[] message = memory.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
        answers.add(new Answer(clientLo, clientPort, askedLo, message, net.nowNanos()));
    }

    @Override
    public void onWork() {
        work = true;
    }

    void ask(int clientPort, long asked, byte[] query) {
        dns.ask(0, CLIENT, clientPort, 0, asked, MemorySegment.ofArray(query), 0, query.length, net.nowNanos());
    }

    /** A query from a port of the same number as its ID. */
    void ask(int number) {
        ask(number, SERVER, Messages.query(number, Nameserver.name(number)));
    }

    void askAndRun(byte[] query) {
        ask(5000, SERVER, query);
        run(SECOND);
    }

    void run(long nanos) {
        long until = net.nowNanos() + nanos;
        while (true) {
            while (work) {
                work = false;
                dns.turn(net.nowNanos());
            }
            long next = Math.min(net.nextNanos(), Math.min(dns.deadlineNanos(), upstream.deadlineNanos()));
            if (next > until) {
                net.advanceTo(until);
                return;
            }
            net.advanceTo(Math.max(next, net.nowNanos()));
            upstream.onTimer(net.nowNanos());
            dns.onTimer(net.nowNanos());
        }
    }

    long count(Counter counter) {
        return counters.value(counter);
    }

    /** Closes everything and says what is left: it must be nothing. */
    String leftAfterClose() {
        dns.close();
        net.settle();
        return net.openLinks() + " links, " + slab.usedBytes() + " bytes, " + dns.outstanding() + " queries";
    }

    static final String NOTHING = "0 links, 0 bytes, 0 queries";
}
