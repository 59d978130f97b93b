package wireleap.tun.udp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.mem.SipHash;

/** Whose sessions there are, and which has to go. */
final class SessionTableTest {
    private static final class Session extends UdpSession {
        Session(long client, int port, long now) {
            begin(0, client, port, now);
        }
    }

    private static final long IDLE = 60;
    private static final long DNS_IDLE = 10;

    private final SessionTable<Session> table = new SessionTable<>(4, 2, IDLE, DNS_IDLE, new SipHash(1, 2));

    private Session add(long client, int port, long now) {
        Session session = new Session(client, port, now);
        table.add(session);
        return session;
    }

    @Test
    void sessionIsFoundByAddressAndPort() {
        Session session = add(1, 53, 0);
        assertSame(session, table.find(0, 1, 53));
        assertNull(table.find(0, 1, 54));
        assertNull(table.find(0, 2, 53));
        assertNull(table.find(1, 1, 53));
    }

    @Test
    void nobodyHasToGoWhileThereIsRoom() {
        add(1, 1, 0);
        assertNull(table.victim(0, 1));
    }

    @Test
    void clientWithItsShareLosesItsOwnOldest() {
        add(9, 9, 0);
        Session oldest = add(1, 1, 1);
        add(1, 2, 2);
        assertSame(oldest, table.victim(0, 1));
        assertNull(table.victim(0, 2));
    }

    @Test
    void useMakesASessionTheYoungest() {
        Session first = add(1, 1, 0);
        Session second = add(1, 2, 1);
        table.sent(first, 443, 2);
        assertSame(second, table.victim(0, 1));
        table.received(second, 3);
        assertSame(first, table.victim(0, 1));
    }

    @Test
    void fullTableLosesTheOldestOfAll() {
        Session oldest = add(1, 1, 0);
        for (int client = 2; client <= 4; client++) {
            add(client, 1, client);
        }
        assertSame(oldest, table.victim(0, 5));
    }

    @Test
    void sessionLivesSoLongAfterItsLastDatagram() {
        Session session = add(1, 1, 100);
        table.sent(session, 443, 200);
        assertEquals(200 + IDLE, table.deadlineNanos(session));
        table.received(session, 300);
        assertEquals(300 + IDLE, table.deadlineNanos(session));
    }

    @Test
    void sessionOfQueriesLivesShorter() {
        Session session = add(1, 1, 100);
        table.sent(session, 53, 100);
        assertEquals(100 + DNS_IDLE, table.deadlineNanos(session));
    }

    @Test
    void oneOtherPortMakesItASessionLikeAnyOther() {
        Session session = add(1, 1, 100);
        table.sent(session, 53, 100);
        table.sent(session, 443, 100);
        table.sent(session, 53, 100);
        assertEquals(100 + IDLE, table.deadlineNanos(session));
    }

    @Test
    void removedSessionIsForgotten() {
        Session session = add(1, 1, 0);
        table.remove(session);
        assertNull(table.find(0, 1, 1));
        assertNull(table.oldest());
        assertEquals(0, table.size());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void limitsHoldWhateverHappens(long seed) {
        Random random = new Random(seed);
        SessionTable<Session> large = new SessionTable<>(100, 10, IDLE, DNS_IDLE, new SipHash(1, 2));
        List<Session> present = new ArrayList<>();
        for (int step = 0; step < 50_000; step++) {
            long client = random.nextInt(30);
            int port = random.nextInt(1 << 16);
            if (large.find(0, client, port) == null) {
                Session victim = large.victim(0, client);
                if (victim != null) {
                    large.remove(victim);
                    present.remove(victim);
                }
                Session session = new Session(client, port, step);
                large.add(session);
                present.add(session);
            }
            if (random.nextInt(3) == 0) {
                Session session = present.remove(random.nextInt(present.size()));
                large.remove(session);
            }
            assertEquals(present.size(), large.size(), "seed " + seed);
            long same = present.stream().filter(session -> session.clientLo() == client).count();
            assertEquals(true, same <= 10 && present.size() <= 100, "seed " + seed + ", step " + step);
        }
    }
}
