package wireleap.tun.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.mem.Counter;
import wireleap.tun.tcp.TcpEnd;

/** The upstream fails at every byte: the client never sees a clean end with bytes missing. */
@ParameterizedClass(name = "peeks: {0}")
@ValueSource(booleans = {true, false})
final class StackFailureTest {
    private static final long SECOND = 1_000_000_000L;

    private final boolean peeks;
    private World world;
    private final Target target = new Target();

    StackFailureTest(boolean peeks) {
        this.peeks = peeks;
        world = World.socks(peeks);
    }

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
        world = World.direct(peeks);
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

    @Test
    void targetThatResetsAfterItsEndIsAReset() {
        target.says(100).finishes();
        SimClient client = run();
        target.link.serverReset();
        world.run(SECOND);
        assertTrue(client.sawEnd);
        assertTrue(client.wasReset());
        nothingIsLeft();
    }

    @Test
    void targetThatResetsWhileTheClientDoesNotReadIsAResetAfterAllItsBytes() {
        target.says(50_000).resets();
        world.net.listen(0, World.TARGET, 80, () -> target);
        SimClient client = world.client(1000);
        client.reads = 1000;
        client.open();
        world.run(10 * SECOND);
        assertTrue(client.received < 50_000);
        assertFalse(client.wasReset());
        client.readAll();
        world.settle();
        assertEquals(50_000, client.received);
        assertTrue(client.wasReset());
        assertEquals(1, world.count(Counter.TCP_RESET_UPSTREAM_FAILED));
        nothingIsLeft();
    }

    @Test
    void targetThatResetsWhenTheClientIsGoneLeavesNothing() {
        target.finishes();
        world.net.buffers(1 << 10);
        world.net.listen(0, World.TARGET, 80, () -> target);
        SimClient client = world.client(1000).open();
        world.run(SECOND);
        target.link.serverStall(true);
        client.say(20_000, true);
        world.run(SECOND);
        assertEquals(TcpEnd.CLEAN, client.connection.end());
        target.link.serverReset();
        world.run(10 * SECOND);
        nothingIsLeft();
    }
}
