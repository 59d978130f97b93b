package wireleap.tun.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The upstream fails at every byte: the client never sees a clean end with bytes missing. */
final class StackFailureTest {
    private static final long SECOND = 1_000_000_000L;

    private World world = World.socks();
    private final Target target = new Target();

    static IntStream everyByteOfTheHandshake() {
        return IntStream.rangeClosed(0, 11);
    }

    static IntStream everyByteOfTheStream() {
        return IntStream.rangeClosed(0, 120);
    }

    private SimClient run() {
        world.net.listen(0, World.TARGET, 80, () -> target);
        SimClient client = world.client(1000).sends(50, false).open();
        world.run(30 * SECOND);
        return client;
    }

    private void nothingIsLeft() {
        assertEquals(0, world.stack.tcpFlows());
        assertEquals(0, world.net.openLinks());
        assertEquals(World.NOTHING, world.leftAfterClose());
    }

    @ParameterizedTest
    @MethodSource("everyByteOfTheHandshake")
    void proxyThatClosesInTheHandshakeIsAReset(int bytes) {
        world.manners.closesAfter = bytes;
        SimClient client = run();
        assertTrue(client.wasReset() && !client.sawEnd);
        nothingIsLeft();
    }

    @ParameterizedTest
    @MethodSource("everyByteOfTheHandshake")
    void proxyThatResetsInTheHandshakeIsAReset(int bytes) {
        world.manners.closesAfter = bytes;
        world.manners.resets = true;
        SimClient client = run();
        assertTrue(client.wasReset() && !client.sawEnd);
        nothingIsLeft();
    }

    @ParameterizedTest
    @MethodSource("everyByteOfTheHandshake")
    void proxyThatFallsSilentInTheHandshakeIsAReset(int bytes) {
        world.manners.fallsSilentAfter = bytes;
        SimClient client = run();
        assertTrue(client.wasReset() && !client.sawEnd);
        nothingIsLeft();
    }

    @ParameterizedTest
    @MethodSource("everyByteOfTheStream")
    void targetThatResetsInItsStreamIsAResetAfterThoseBytes(int bytes) {
        target.says(bytes).resets();
        SimClient client = run();
        assertTrue(client.wasReset());
        assertFalse(client.sawEnd);
        assertEquals(bytes, client.received);
        nothingIsLeft();
    }

    @ParameterizedTest
    @MethodSource("everyByteOfTheStream")
    void targetThatResetsInTheClientsStreamIsAReset(int bytes) {
        world = World.direct();
        target.resetsAfter(bytes / 3 + 1);
        SimClient client = run();
        assertTrue(client.wasReset());
        assertFalse(client.sawEnd);
        nothingIsLeft();
    }

    @ParameterizedTest
    @MethodSource("everyByteOfTheStream")
    void targetThatEndsItsStreamIsACleanEndAfterThoseBytes(int bytes) {
        target.says(bytes).finishes();
        SimClient client = run();
        assertTrue(client.sawEnd);
        assertEquals(bytes, client.received);
        client.say(0, true);
        world.settle();
        assertEquals(50, target.received);
        nothingIsLeft();
    }
}
