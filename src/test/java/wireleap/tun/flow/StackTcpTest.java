package wireleap.tun.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import wireleap.tun.tcp.TcpEnd;
import wireleap.tun.upstream.SimServer;

/** Flows from client to target and back. */
final class StackTcpTest {
    private World world = World.direct();

    @Test
    void echoComesBackAndBothEndsClose() {
        world.net.listen(0, World.TARGET, 80, SimServer::echo);
        SimClient client = world.client(1000).sends(100_000, true).open();
        world.settle();
        assertEquals(100_000, client.received);
        assertTrue(client.sawEnd);
        assertEquals(TcpEnd.CLEAN, client.connection.end());
        assertEquals(0, world.stack.tcpFlows());
        assertEquals(World.NOTHING, world.leftAfterClose());
    }
}
