package wireleap.tun.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import wireleap.tun.mem.Counter;

/** How fast one simulated stream of 64 MiB is, in simulated time, over what lies between us and the local kernel. */
class ThroughputTest {
    private static final long BYTES = 64 << 20;
    private static final long DELAY_NANOS = 25_000;
    /** 20 Gbit/s. */
    private static final double NANOS_PER_BYTE = 0.4;

    @Test
    void windowsDoNotThrottleAFastLocalPath() {
        SimPair pair = transfer(wire(0, Long.MAX_VALUE));
        assertTrue(gigabitsPerSecond(pair) > 15, gigabitsPerSecond(pair) + " Gbit/s\n" + pair);
        assertEquals(0, pair.client.count(Counter.TCP_FAST_RECOVERY) + pair.client.count(Counter.TCP_TIMEOUT));
    }

    @Test
    void aQueueThatDropsWhenFullCostsLittle() {
        SimPair pair = transfer(wire(0, 300_000));
        assertTrue(pair.client.count(Counter.TCP_FAST_RECOVERY) > 0, "nothing was dropped\n" + pair);
        assertTrue(gigabitsPerSecond(pair) > 15, gigabitsPerSecond(pair) + " Gbit/s\n" + pair);
    }

    @Test
    void aLossInAThousandSuperSegmentsCostsLittle() {
        SimPair pair = transfer(wire(0.001, Long.MAX_VALUE));
        assertTrue(gigabitsPerSecond(pair) > 10, gigabitsPerSecond(pair) + " Gbit/s\n" + pair);
    }

    @Test
    void retransmissionsDoNotOverflowAQueueAgain() {
        SimPair pair = transfer(new SimWire.Quality(DELAY_NANOS, 0, 0, 0, 0, NANOS_PER_BYTE, 300_000, true));
        assertEquals(0, pair.client.count(Counter.TCP_TIMEOUT), pair.toString());
    }

    private static SimWire.Quality wire(double loss, long queueBytes) {
        return new SimWire.Quality(DELAY_NANOS, 0, loss, 0, 0, NANOS_PER_BYTE, queueBytes, false);
    }

    private static SimPair transfer(SimWire.Quality there) {
        SplittableRandom random = new SplittableRandom(1);
        SimPair pair = new SimPair(random, 0, there, SimWire.Quality.perfect(DELAY_NANOS), plan(BYTES), plan(0));
        pair.client.open(1);
        while (pair.server.received() < BYTES) {
            pair.step();
        }
        return pair;
    }

    private static SimEnd.Plan plan(long sendBytes) {
        return new SimEnd.Plan(TcpSettings.forLocalPeer(), 1460, true, sendBytes, 1, 0, false, 1 << 20, 1, 0, 0, 0, 0);
    }

    private static double gigabitsPerSecond(SimPair pair) {
        return BYTES * 8.0 / pair.clock.nowNanos();
    }
}
