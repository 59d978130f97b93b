package wireleap.tun.tcp;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * Thousands of simulated connections. {@code -Dsimulation.seeds=N} sets how many (2,000), {@code -Dseed=S} runs the one
 * that failed.
 */
class SimulationTest {
    @Test
    void everyByteArrivesOnceAndInOrderOrTheConnectionEndsWithAnError() {
        Long seed = Long.getLong("seed");
        if (seed != null) {
            run(seed);
        } else {
            LongStream.range(0, Long.getLong("simulation.seeds", 2_000)).parallel().forEach(SimulationTest::run);
        }
    }

    private static void run(long seed) {
        Simulation simulation = new Simulation(seed);
        try {
            simulation.run();
        } catch (AssertionError | RuntimeException e) {
            fail("-Dseed=" + seed + ": " + e.getMessage() + "\n" + simulation, e);
        }
    }
}
