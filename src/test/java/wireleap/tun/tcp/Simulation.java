package wireleap.tun.tcp;

import static java.util.concurrent.TimeUnit.HOURS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import java.util.SplittableRandom;
import wireleap.tun.mem.Counter;

/**
 * A connection between two of our own ends over a simulated network; everything about it follows from a seed. It must
 * end, and unless something was done to it, in a clean way with every byte delivered.
 */
final class Simulation {
    private static final long MAX_NANOS = HOURS.toNanos(48);

    private final SplittableRandom random;
    private final SimPair pair;
    /** Something was done by which the connection may end without success. */
    private boolean disturbed;

    Simulation(long seed) {
        random = new SplittableRandom(seed);
        long start = random.nextLong(-SECONDS.toNanos(1L << 32), SECONDS.toNanos(1L << 32));
        SimEnd.Plan plan = plan(false);
        pair = new SimPair(random.split(), start, quality(), quality(), plan, plan(plan.endsAfterPeer()));
        disturb();
    }

    private SimWire.Quality quality() {
        long delay = pick(10_000, 25_000, 1_000_000, 50_000_000);
        boolean clean = random.nextInt(4) == 0;
        boolean narrow = random.nextInt(3) == 0;
        double bad = random.nextInt(3) == 0 ? 0.1 : 0.01;
        return new SimWire.Quality(delay, random.nextInt(3) == 0 ? random.nextLong(4 * delay) : 0,
                clean ? 0 : random.nextDouble(bad), clean ? 0 : random.nextDouble(bad),
                clean ? 0 : random.nextDouble(bad), narrow ? random.nextDouble(100) : 0,
                100_000 + random.nextInt(500_000), random.nextBoolean());
    }

    private SimEnd.Plan plan(boolean peerWaits) {
        TcpSettings local = TcpSettings.forLocalPeer();
        TcpSettings settings = new TcpSettings((int) pick(1 << 20, 1 << 20, 65_535, 8_192),
                likely(), likely(), likely(), local.initialRtoNanos(), local.minRtoNanos(), local.maxRtoNanos(),
                SECONDS.toNanos(1200), local.delayedAckNanos(), local.keepAliveIdleNanos(),
                local.keepAliveIntervalNanos(), 100, SECONDS.toNanos(1200));
        long sendBytes = random.nextInt(5) == 0 ? 0 : random.nextLong(pick(2_000, 100_000, 400_000, 1_500_000));
        long chunkNanos = random.nextInt(3) == 0 ? random.nextLong(1, MILLISECONDS.toNanos(20)) : 0;
        int chunkBytes = (int) Math.max(chunkNanos == 0 ? 1 : sendBytes / 500 + 1, pick(1, 2_000, 100_000));
        long slowest = pick(1_000_000, 100_000_000, 20_000_000_000L);
        long drainNanos = random.nextInt(3) == 0 ? random.nextLong(1, slowest) : 0;
        long capacity = Math.min(settings.maxWindowBytes(), pick(1 << 20, 1 << 20, 65_536, 3_000));
        return new SimEnd.Plan(settings, (int) pick(1448, 1460, 536, 88, 8960), random.nextInt(4) > 0, sendBytes,
                chunkBytes, chunkNanos, !peerWaits && random.nextInt(3) == 0, capacity,
                (int) Math.max(200_000, capacity), drainNanos, random.nextInt(4) == 0 ? random.nextDouble(0.2) : 0,
                random.nextInt(4) == 0 ? 0.1 : 0, pick(0, 0, 20_000, 500_000));
    }

    private boolean likely() {
        return random.nextInt(5) > 0;
    }

    private long pick(long... values) {
        return values[random.nextInt(values.length)];
    }

    private void disturb() {
        pair.server.dialNanos = pick(0, 50_000, SECONDS.toNanos(5));
        if (random.nextInt(30) == 0) {
            pair.server.accepts = false;
            disturbed = true;
        }
        if (random.nextInt(10) == 0) {
            disturbed = true;
            SimEnd who = random.nextBoolean() ? pair.client : pair.server;
            long when = pick(MILLISECONDS.toNanos(1), SECONDS.toNanos(1), SECONDS.toNanos(30));
            pair.clock.after(random.nextLong(when), who::abort);
        }
        if (random.nextInt(10) == 0) {
            long from = random.nextLong(SECONDS.toNanos(1));
            boolean forEver = random.nextInt(3) == 0;
            disturbed |= forEver;
            long nanos = forEver ? HOURS.toNanos(100) : random.nextLong(SECONDS.toNanos(60));
            int wires = random.nextInt(1, 4);
            pair.clock.after(from, () -> goDark(wires, pair.clock.nowNanos() + nanos));
        }
    }

    private void goDark(int wires, long untilNanos) {
        if ((wires & 1) != 0) {
            pair.there.dark(untilNanos);
        }
        if ((wires & 2) != 0) {
            pair.back.dark(untilNanos);
        }
    }

    /** Runs to the end; an AssertionError says what went wrong. */
    void run() {
        long start = pair.clock.nowNanos();
        pair.client.open(random.nextInt());
        if (random.nextInt(30) == 0 && pair.server.accepts) {
            pair.server.open(random.nextInt());
        }
        while (!pair.isOver()) {
            if (!disturbed && pair.nextNanos() > pair.clock.nowNanos() + HOURS.toNanos(1)) {
                throw new AssertionError("stuck: nothing is under way, and only keep-alive is left");
            }
            pair.step();
            if (pair.clock.nowNanos() - start > MAX_NANOS) {
                throw new AssertionError("no end");
            }
        }
        judge(pair.client, pair.server);
        judge(pair.server, pair.client);
    }

    private void judge(SimEnd end, SimEnd peer) {
        boolean clean = end.connection.end() == TcpEnd.CLEAN;
        boolean complete = peer.received() == end.plan.sendBytes() && peer.finishedReceiving()
                && end.received() == peer.plan.sendBytes() && end.finishedReceiving();
        if (clean && !complete) {
            throw new AssertionError("a clean end, but not all is delivered");
        }
        if (!disturbed && !clean) {
            throw new AssertionError("nothing was done to it, but the end is " + end.connection.end());
        }
        if (end.count(Counter.DROP_TCP_BYTES_BEYOND_WINDOW) > 0) {
            throw new AssertionError("bytes were sent beyond the window");
        }
    }

    SimEnd client() {
        return pair.client;
    }

    SimEnd server() {
        return pair.server;
    }

    @Override
    public String toString() {
        return (disturbed ? "disturbed " : "") + pair;
    }
}
