package wireleap.tun.h2;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Slab;
import wireleap.tun.upstream.SimNet;
import wireleap.tun.upstream.UpstreamStatus;

/** An {@link H2c} between callers and peers in memory, and the loop that drives it: time jumps to the next event. */
final class Bench implements H2Watch {
    static final long BROKER = SimNet.v4(192, 0, 2, 1);
    static final long TARGET = SimNet.v4(198, 51, 100, 7);
    static final int PORT = 13_490;
    static final long SECOND = 1_000_000_000L;

    final SimNet net;
    final Slab slab;
    final Counters counters = new Counters();
    final H2c h2;
    /** Of every connection, in the order in which they came. */
    final List<Peer> peers = new ArrayList<>();
    final List<String> log = new ArrayList<>();
    Supplier<Peer> maker = Peer::new;

    Bench() {
        this(1, 5 * SECOND, 32 << 20);
    }

    Bench(long seed, long endDelayNanos, int slabBytes) {
        net = new SimNet(seed);
        slab = new Slab(Arena.ofAuto().allocate(slabBytes, 4096));
        h2 = new H2c(net, new H2Settings(0, BROKER, PORT, "192.0.2.1:13490", "/broker", 20 * SECOND, endDelayNanos), slab,
                counters, this);
        listen();
    }

    void listen() {
        net.listen(0, BROKER, PORT, () -> {
            Peer peer = maker.get();
            peers.add(peer);
            return peer;
        });
    }

    Peer peer() {
        return peers.getLast();
    }

    Caller call() {
        Caller caller = new Caller();
        caller.stream = h2.open(0, TARGET, 80, caller, net.nowNanos());
        return caller;
    }

    /** A caller whose stream is open. */
    Caller connected() {
        Caller caller = call();
        run(SECOND / 10);
        if (caller.connected != 1) {
            throw new AssertionError("not connected: " + caller.refusal() + " " + log);
        }
        return caller;
    }

    long count(Counter counter) {
        return counters.value(counter);
    }

    /** Runs for a while. */
    void run(long nanos) {
        long until = net.nowNanos() + nanos;
        int idle = 0;
        while (Math.min(net.nextNanos(), h2.deadlineNanos()) <= until) {
            long before = net.nowNanos();
            net.advanceTo(Math.max(before, Math.min(net.nextNanos(), h2.deadlineNanos())));
            if (h2.deadlineNanos() <= net.nowNanos()) {
                h2.onTimer(net.nowNanos());
            }
            idle = net.nowNanos() == before ? idle + 1 : 0;
            if (idle > 10_000) {
                throw new AssertionError("it spins");
            }
        }
        net.advanceTo(until);
    }

    /** Closes it and says what is left: it must be nothing. */
    String leftAfterClose() {
        h2.close();
        net.settle();
        return net.openLinks() + " links, " + slab.usedBytes() + " bytes";
    }

    static final String NOTHING = "0 links, 0 bytes";

    @Override
    public void onStatus(UpstreamStatus status, int socketError) {
        log.add("upstream " + status.text());
    }

    @Override
    public void onStreamStatus(String status) {
        log.add("stream " + status);
    }

    @Override
    public void onConnectionLost(String why, int flows) {
        log.add("lost " + flows + ": " + why);
    }
}
