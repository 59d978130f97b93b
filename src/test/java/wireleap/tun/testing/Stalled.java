package wireleap.tun.testing;

import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/** Flows of which one end writes all it can and the other does not read. */
public final class Stalled {
    private static final int BLOCK_BYTES = 256 << 10;
    /** So long nothing is taken any more: longer than any timeout of TCP's. */
    private static final int IDLE_TURNS = 20;
    private static final int TURN_MILLIS = 50;

    private Stalled() {
    }

    /** So many flows to one server. */
    public static List<Flow> open(TestNet net, int count) throws Exception {
        var flows = new ArrayList<Flow>();
        try (var server = net.listen(TestNet.SERVER_4)) {
            for (int i = 0; i < count; i++) {
                flows.add(Flow.open(net, server));
            }
        }
        return flows;
    }

    /** Writes into each until none takes any more. They do not block after. */
    public static void stuff(List<SocketChannel> writers) throws Exception {
        var block = ByteBuffer.allocateDirect(BLOCK_BYTES);
        for (var writer : writers) {
            writer.configureBlocking(false);
        }
        for (int idleTurns = 0; idleTurns < IDLE_TURNS; Thread.sleep(TURN_MILLIS)) {
            long taken = 0;
            for (var writer : writers) {
                taken += writer.write(block.clear());
            }
            idleTurns = taken == 0 ? idleTurns + 1 : 0;
        }
    }
}
