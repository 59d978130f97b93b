package wireleap.tun.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import wireleap.tun.mem.SipHash;

final class AskedServersTest {
    private static final long CLIENT = 5;

    private final AskedServers asked = new AskedServers(new SipHash(1, 2));

    private void ask(int port, int id, long server) {
        asked.remember(0, CLIENT, port, id, 9, server);
    }

    private long recalled(int port, int id) {
        assertTrue(asked.recall(0, CLIENT, port, id));
        assertEquals(9, asked.hi());
        return asked.lo();
    }

    @Test
    void eachQueryHasItsServer() {
        ask(1000, 1, 11);
        ask(1000, 2, 22);
        ask(1001, 1, 33);
        assertEquals(11, recalled(1000, 1));
        assertEquals(22, recalled(1000, 2));
        assertEquals(33, recalled(1001, 1));
    }

    @Test
    void theLastServerOfAClientIsKnownWithoutAnId() {
        ask(1000, 1, 11);
        ask(1000, 2, 22);
        assertTrue(asked.recallLast(0, CLIENT, 1000));
        assertEquals(22, asked.lo());
        assertFalse(asked.recallLast(0, CLIENT, 1001));
    }

    @Test
    void anIdThatIsUsedAgainIsTheYoungerQuerys() {
        ask(1000, 1, 11);
        ask(1000, 1, 22);
        assertEquals(22, recalled(1000, 1));
    }

    @Test
    void whatWasNeverAskedIsNotKnown() {
        ask(1000, 1, 11);
        assertFalse(asked.recall(0, CLIENT, 1000, 2));
        assertFalse(asked.recall(0, CLIENT + 1, 1000, 1));
    }

    @Test
    void theOldestAreForgotten() {
        for (int i = 0; i < 10_000; i++) {
            ask(1 + i / 100, i % 100, i);
        }
        assertFalse(asked.recall(0, CLIENT, 1, 0));
        assertEquals(9_999, recalled(100, 99));
        assertEquals(7_000, recalled(71, 0));
    }
}
