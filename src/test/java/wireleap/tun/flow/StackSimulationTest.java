package wireleap.tun.flow;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.LongConsumer;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.h2.SimBroker;
import wireleap.tun.tcp.TcpEnd;

/**
 * Many flows of every kind, over a network in every mood, from one seed. {@code -Dsimulation.seeds=N} sets how many
 * (300), {@code -Dseed=S} runs the one that failed.
 */
final class StackSimulationTest {
    private static final long SECOND = 1_000_000_000L;

    /** One flow's two ends and what is done to it. */
    private static final class Pair {
        final SimClient client;
        final Target target = new Target();
        boolean disturbed;
        boolean accepted;

        Pair(World world, int number, Random random) {
            client = world.add(new SimClient(world, 0, World.CLIENT, 1000 + number, 0, World.TARGET, 1000 + number));
            client.sends(size(random), random.nextInt(4) > 0);
            target.says(size(random));
            if (random.nextInt(3) > 0) {
                target.finishes();
            } else if (random.nextInt(3) == 0) {
                target.resets();
                disturbed = true;
            }
            if (random.nextInt(4) == 0) {
                client.finishes = true;
                target.waitsForEnd();
            }
            if (random.nextInt(8) == 0) {
                target.resetsAfter(random.nextInt(50_000));
                disturbed = true;
            }
            world.net.listen(0, World.TARGET, 1000 + number, () -> {
                accepted = true;
                return target;
            });
        }

        private static long size(Random random) {
            return random.nextInt(3) == 0 ? random.nextInt(3) : random.nextInt(1 << 4 + random.nextInt(16));
        }
    }

    @ParameterizedTest(name = "peeks: {0}")
    @ValueSource(booleans = {true, false})
    void everyByteArrivesOnceAndInOrderOrTheFlowEndsWithAReset(boolean peeks) {
        eachSeed(seed -> simulate(seed, peeks));
    }

    /** Whatever it does to its connections. */
    @Test
    void soItDoesBehindABroker() {
        eachSeed(StackSimulationTest::simulateBroker);
    }

    private static void eachSeed(LongConsumer simulation) {
        Long seed = Long.getLong("seed");
        if (seed != null) {
            run(seed, simulation);
        } else {
            LongStream.range(0, Long.getLong("simulation.seeds", 300)).parallel().forEach(each -> run(each, simulation));
        }
    }

    private static void run(long seed, LongConsumer simulation) {
        try {
            simulation.accept(seed);
        } catch (AssertionError | RuntimeException e) {
            fail("-Dseed=" + seed + ": " + e.getMessage(), e);
        }
    }

    private static void simulate(long seed, boolean peeks) {
        Random random = new Random(seed);
        int slabBytes = random.nextInt(4) == 0 ? (128 << 10) + random.nextInt(8 << 12) : 16 << 20;
        World world = new World(seed, settings(random), slabBytes, random.nextBoolean(), peeks);
        play(world, random, false);
    }

    private static void simulateBroker(long seed) {
        Random random = new Random(seed);
        int slabBytes = random.nextInt(4) == 0 ? (512 << 10) + random.nextInt(8 << 12) : 32 << 20;
        SimBroker.Manners manners = SimBroker.Manners.of(random);
        play(World.broker(seed, settings(random), slabBytes, manners), random, manners.breaks());
    }

    private static StackSettings settings(Random random) {
        int ring = 1 << 12 + random.nextInt(9);
        return World.settings().withFlows(1000, 100, ring).withManners(random.nextInt(4) == 0, true);
    }

    private static void play(World world, Random random, boolean breaks) {
        world.net.moody(random.nextBoolean() ? 0 : 2 + random.nextInt(4)).buffers(1 << 8 + random.nextInt(10));
        world.lossPerMille = random.nextInt(3) == 0 ? random.nextInt(30) : 0;
        List<Pair> pairs = new ArrayList<>();
        for (int i = 0; i <= random.nextInt(12); i++) {
            Pair pair = new Pair(world, i, random);
            pairs.add(pair);
            world.net.after(random.nextInt(1_000_000_000), now -> pair.client.open());
            disturb(world, pairs, pair, random);
        }
        world.run(1000 * SECOND);
        boolean scarce = world.slab.capacityBytes() < 1 << 20;
        boolean tells = world.upstream.tellsConnected();
        for (Pair pair : pairs) {
            boolean seemsAbsent = !tells && pair.target.size() == 0; // BROKER.md: an answer without a byte
            judge(pair, scarce || breaks || world.lossPerMille > 0 || seemsAbsent);
        }
        String left = world.leftAfterClose();
        require(left.equals(World.NOTHING), left);
    }

    private static void disturb(World world, List<Pair> pairs, Pair pair, Random random) {
        long at = SECOND + random.nextInt(1_000_000_000);
        switch (random.nextInt(12)) {
            case 0 -> {
                pair.disturbed = true;
                world.net.after(at, now -> pair.client.connection.abort(now));
            }
            case 1 -> {
                world.net.after(at, now -> {
                    world.stack.resetMatching((hi, lo) -> true, now);
                    pairs.forEach(any -> any.disturbed = true);
                });
            }
            case 2, 3 -> {
                world.net.after(at, now -> stall(pair, true));
                world.net.after(at + 30 * SECOND, now -> stall(pair, false));
            }
            case 4 -> {
                pair.client.reads = random.nextInt(100_000);
                world.net.after(40 * SECOND, now -> pair.client.readAll());
            }
            default -> { }
        }
    }

    private static void stall(Pair pair, boolean stalled) {
        if (pair.target.link != null) {
            pair.target.link.serverStall(stalled);
        }
    }

    private static void judge(Pair pair, boolean mayBeRefused) {
        SimClient client = pair.client;
        Target target = pair.target;
        require(!client.sawEnd || client.received == target.size(), "the client saw an end after " + client.received
                + " of " + target.size() + " bytes");
        require(!target.sawEnd || target.received == client.sends, "the target saw an end after " + target.received
                + " of " + client.sends + " bytes");
        if (!pair.disturbed && !(mayBeRefused && client.wasReset())) {
            require(pair.accepted, "was never connected");
            boolean silent = target.isWaiting() && !client.finishes;
            require(client.received == (silent ? 0 : target.size()), "the client received " + client.received + " of "
                    + target.size());
            require(target.received == client.sends, "the target received " + target.received + " of " + client.sends);
            boolean both = client.sawEnd && client.finishes;
            require(!both || client.connection.end() == TcpEnd.CLEAN, "the end is " + client.connection.end());
        }
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }
}
