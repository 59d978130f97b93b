package wireleap.tun.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Peers that lack options, have small segments or little room, on a path that loses one packet in thirty both ways. */
class PeerOptionsTest {
    private static final long BYTES = 400_000;
    private static final double LOSS = 0.03;
    private static final long DELAY_NANOS = 1_000_000;

    private static SimEnd.Plan plan(TcpSettings settings, int mss, long capacityBytes) {
        return new SimEnd.Plan(settings, mss, true, BYTES, 1, 0, false, capacityBytes, 1, 0, 0, 0, 20_000);
    }

    @ParameterizedTest(name = "scaling {0}, timestamps {1}, SACK {2}, MSS {3}, buffer {4}")
    @CsvSource({
        "true,  true,  true,  1460, 1048576",
        "true,  false, true,  1460, 1048576",
        "true,  true,  false, 1460, 1048576",
        "false, true,  true,  1460, 1048576",
        "false, false, false, 1460, 1048576",
        "true,  true,  true,  88,   1048576",
        "false, false, false, 88,   1048576",
        "true,  true,  true,  1220, 1048576",
        "true,  true,  true,  1460, 4096",
        "false, false, false, 536,  4096"
    })
    void everyByteArrivesBothWays(boolean scaling, boolean timestamps, boolean sack, int mss, long capacityBytes) {
        TcpSettings ours = TcpSettings.forLocalPeer();
        SimEnd.Plan peer = plan(ours.withOptions(scaling, timestamps, sack), mss, capacityBytes);
        SimWire.Quality wire = new SimWire.Quality(DELAY_NANOS, 0, LOSS, 0, 0, 0, Long.MAX_VALUE, true);
        SimPair pair = new SimPair(new SplittableRandom(1), 0, wire, wire, peer, plan(ours, 1460, 1 << 20));
        pair.client.open(1);
        while (!pair.isOver()) {
            pair.step();
        }
        assertEquals(TcpEnd.CLEAN, pair.client.connection.end());
        assertEquals(TcpEnd.CLEAN, pair.server.connection.end());
        assertEquals(BYTES, pair.client.received());
        assertEquals(BYTES, pair.server.received());
        assertTrue(pair.server.sentBytes() > BYTES, "nothing was lost");
    }
}
