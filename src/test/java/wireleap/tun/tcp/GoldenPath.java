package wireleap.tun.tcp;

import static java.util.concurrent.TimeUnit.HOURS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;

import java.util.Arrays;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import wireleap.tun.mem.Counter;

/**
 * A path of the golden table, and what a stream of 8 buffers' length comes to on it. The link carries 1 GB/s; loss is
 * the same both ways, and begins after the handshake.
 *
 * @param kind how it does harm
 * @param percent how much of the packets it harms
 * @param delayMillis of each direction; where 0, turns of 20 us make a round trip
 * @param bufferKib what the receiver holds: the largest window
 */
record GoldenPath(Kind kind, double percent, int delayMillis, int bufferKib) {
    enum Kind {
        /** Packets are lost, each by itself. */
        RANDOM,
        /** All packets are lost for 50 us on average, again and again. */
        BURSTS,
        /** Super-segments are lost whole, as in the queue of a TUN. */
        WHOLE,
        /** Packets come late by an eighth of a round trip. */
        LATE,
        /** Packets come late by half a round trip. */
        LATER,
        /** Packets are lost when 256 KB wait for the link. */
        QUEUE,
        /** All packets are kept back for half a second, once. */
        PAUSE
    }

    /** What was measured: bytes a second, bytes sent again for a hundred of the stream, and timeouts in a stream. */
    record Result(double bytesPerSecond, double againPercent, double timeouts) {}

    private static final double NANOS_PER_BYTE = 1;
    private static final long TURN_NANOS = 20_000;
    private static final long PAUSE_NANOS = MILLISECONDS.toNanos(500);
    private static final int MSS = 1460;
    private static final int HEADER_BYTES = 32;
    private static final int SEEDS = 6;

    /** All rows of the table. */
    static Stream<GoldenPath> all() {
        Stream<GoldenPath> random = on(Kind.RANDOM, 0, 0.1, 1, 5, 10, 20);
        Stream<GoldenPath> bursts = on(Kind.BURSTS, 0.1, 1, 5, 10, 20);
        Stream<GoldenPath> whole = on(Kind.WHOLE, 0.1, 1, 5, 10, 20).filter(path -> path.delayMillis == 0);
        Stream<GoldenPath> late = Stream.concat(on(Kind.LATE, 5), on(Kind.LATER, 5));
        Stream<GoldenPath> clean = Stream.concat(on(Kind.QUEUE, 0), on(Kind.PAUSE, 0));
        return Stream.of(random, bursts, whole, late, clean).flatMap(paths -> paths);
    }

    private static Stream<GoldenPath> on(Kind kind, double... percents) {
        return Stream.of(0, 10, 100).flatMap(delay -> Stream.of(64, 1024).flatMap(buffer ->
                Arrays.stream(percents).mapToObj(percent -> new GoldenPath(kind, percent, delay, buffer))));
    }

    private long delayNanos() {
        return MILLISECONDS.toNanos(delayMillis);
    }

    private long roundTripNanos() {
        return 2 * delayNanos() + TURN_NANOS;
    }

    private long bytes() {
        return 8L * bufferKib << 10;
    }

    /** Of a sender that knows the path. */
    double idealBytesPerSecond() {
        double loss = kind == Kind.LATE || kind == Kind.LATER ? 0 : percent / 100;
        double link = (MSS - 12.0) / (MSS + HEADER_BYTES - 12) / NANOS_PER_BYTE * (1 - loss);
        double window = (double) (bufferKib << 10) / roundTripNanos();
        double nanos = delayNanos() + bytes() / Math.min(link, window) + (kind == Kind.PAUSE ? PAUSE_NANOS : 0);
        return bytes() / nanos * 1e9;
    }

    private SimWire.Quality quality() {
        double share = percent / 100;
        SimWire.Quality clean = new SimWire.Quality(delayNanos(), 0, 0, 0, 0, NANOS_PER_BYTE,
                kind == Kind.QUEUE ? 256_000 : Long.MAX_VALUE / 2, kind != Kind.WHOLE);
        return switch (kind) {
            case RANDOM, WHOLE -> clean.losing(share, 0);
            case BURSTS -> clean.losing(share, 50_000);
            case LATE -> clean.late(share, roundTripNanos() / 8);
            case LATER -> clean.late(share, roundTripNanos() / 2);
            case QUEUE, PAUSE -> clean;
        };
    }

    /** Runs it with a few seeds. */
    Result measure() {
        long nanos = 0;
        long sent = 0;
        long timeouts = 0;
        for (int seed = 0; seed < SEEDS; seed++) {
            SimPair pair = pair(seed);
            nanos += transfer(pair);
            sent += pair.client.sentBytes();
            timeouts += pair.client.count(Counter.TCP_TIMEOUT);
        }
        double bytes = (double) SEEDS * bytes();
        return new Result(bytes / nanos * 1e9, (sent - bytes) / bytes * 100, (double) timeouts / SEEDS);
    }

    private SimPair pair(int seed) {
        SimWire.Quality perfect = SimWire.Quality.perfect(delayNanos());
        return new SimPair(new SplittableRandom(seed), 0, perfect, perfect, plan(bytes()), plan(0));
    }

    private SimEnd.Plan plan(long sendBytes) {
        return new SimEnd.Plan(TcpSettings.forLocalPeer().withGiveUpNanos(HOURS.toNanos(1)), MSS, true, sendBytes, 1, 0,
                sendBytes == 0, (long) bufferKib << 10, 1, 0, 0, 0, TURN_NANOS);
    }

    private long transfer(SimPair pair) {
        pair.client.open(1);
        while (pair.client.connection.state() != TcpState.ESTABLISHED) {
            pair.step();
        }
        long start = pair.clock.nowNanos();
        pair.there.quality(quality());
        pair.back.quality(quality());
        boolean paused = kind != Kind.PAUSE;
        while (pair.server.received() < bytes()) {
            pair.step();
            if (!paused && pair.server.received() > bytes() / 3) {
                paused = true;
                pair.there.hold(pair.clock.nowNanos() + PAUSE_NANOS);
            }
        }
        return pair.clock.nowNanos() - start;
    }

    /** The row's name: what a line of the table begins with. */
    String name() {
        String harm = kind.name().toLowerCase(Locale.ROOT);
        return String.format(Locale.ROOT, "%-6s %5.1f %5d %6d", harm, percent, delayMillis, bufferKib);
    }

    /** A line of the table. */
    String line(Result result) {
        double ideal = idealBytesPerSecond();
        return String.format(Locale.ROOT, "%s %10.1f %10.1f %8.2f %7.2f %8.1f", name(), ideal / 1e3,
                result.bytesPerSecond / 1e3, result.bytesPerSecond / ideal * 100, result.againPercent, result.timeouts);
    }
}
