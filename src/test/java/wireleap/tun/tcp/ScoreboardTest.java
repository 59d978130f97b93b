package wireleap.tun.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ScoreboardTest {
    private final Scoreboard board = new Scoreboard(new Rack(new Timestamps()));

    ScoreboardTest() {
        board.clear(0);
    }

    @Test
    void whatIsSentInOneTurnIsOneRange() {
        board.sent(1000, 7);
        board.sent(3000, 7);
        board.sent(4000, 8);
        assertEquals(2, board.size());
        assertEquals(3000, board.end(0));
        assertEquals(4000, board.outstandingBytes());
    }

    @Test
    void aReportSaysSomethingNewOnce() {
        board.sent(5000, 0);
        assertTrue(board.reported(1000, 1100));
        assertFalse(board.reported(1000, 1100));
        assertFalse(board.reported(1050, 1060));
        assertTrue(board.reported(1000, 1200));
        assertEquals(200, board.sackedBytes());
    }

    @Test
    void reportedNeighboursBecomeOneRange() {
        board.sent(5000, 0);
        board.reported(1000, 2000);
        board.reported(3000, 4000);
        board.reported(2000, 3000);
        assertEquals(3, board.size());
    }

    @Test
    void theLostIsFoundInOrderAndOnlyOnce() {
        board.sent(5000, 0);
        board.reported(1000, 1100);
        board.loseAll();
        assertEquals(4900, board.lostBytes());
        assertEquals(0, board.firstLost());
        assertEquals(1000, board.lostEnd(0));
        board.sentAgain(0, 400, 1);
        assertEquals(400, board.firstLost());
        board.sentAgain(400, 1000, 1);
        assertEquals(1100, board.firstLost());
        board.sentAgain(1100, 5000, 1);
        assertEquals(-1, board.firstLost());
        assertEquals(0, board.lostBytes());
    }

    @Test
    void whatTheReportsCutIsSentAgainAsOne() {
        board.sent(1000, 0);
        board.sent(2000, 1);
        board.loseAll();
        assertEquals(2000, board.lostEnd(0));
        board.sentAgain(0, 2000, 5);
        assertEquals(1, board.size());
        assertEquals(5, board.sentNanos(0));
    }

    @Test
    void theAcknowledgedIsForgotten() {
        board.sent(5000, 0);
        board.reported(1000, 2000);
        board.loseAll();
        board.acknowledged(1500);
        assertEquals(500, board.sackedBytes());
        assertEquals(3000, board.lostBytes());
        assertEquals(3500, board.outstandingBytes());
        assertTrue(board.isReneged(), "it acknowledges the middle of what it holds");
    }

    @Test
    void aTableThatIsFullLosesDetailAndNotBytes() {
        for (int i = 1; i <= 1000; i++) {
            board.sent(i * 100L, i);
        }
        assertEquals(100_000, board.outstandingBytes());
        assertTrue(board.size() <= Scoreboard.MAX_RANGES);
        assertEquals(1000, board.sentNanos(board.size() - 1));
    }

    @Test
    void aTableFullOfReportsPassesOverMore() {
        board.sent(1_000_000, 0);
        int taken = 0;
        while (board.reported(1000 + 2000L * taken, 2000 + 2000L * taken)) {
            taken++;
        }
        assertTrue(taken > 60, taken + " reports");
        assertEquals(1000L * taken, board.sackedBytes());
        board.sent(1_001_000, 1);
        assertEquals(1_001_000, board.outstandingBytes());
    }

    /** A byte by byte model; what it knows more, because the table was full, is only what was reported. */
    @Test
    void itAgreesWithAModelOfEachByte() {
        for (int seed = 0; seed < 300; seed++) {
            new Model(seed).run();
        }
    }

    private static final class Model {
        private static final int BYTES = 3000;

        private final int seed;
        private final SplittableRandom random;
        private final Scoreboard board = new Scoreboard(new Rack(new Timestamps()));
        /** o: in flight, s: reported, l: lost. */
        private final char[] state = new char[BYTES];
        private int una;
        private int nxt;

        Model(int seed) {
            this.seed = seed;
            random = new SplittableRandom(seed);
            Arrays.fill(state, 'o');
            board.clear(0);
        }

        void run() {
            for (int now = 0; nxt < BYTES; now++) {
                int to = Math.min(BYTES, nxt + random.nextInt(1, 60));
                board.sent(to, now);
                nxt = to;
                int from = random.nextInt(una, nxt);
                int end = random.nextInt(from + 1, nxt + 1);
                switch (random.nextInt(8)) {
                    case 0 -> acknowledge(from);
                    case 1 -> lose();
                    case 2, 3 -> sendAgain(now);
                    case 4 -> { }
                    default -> report(from, Math.min(end, from + 40));
                }
                compare();
            }
        }

        private void acknowledge(int to) {
            board.acknowledged(to);
            una = Math.max(una, to);
            if (board.isReneged()) {
                board.forgetReports();
                replace('s', 'o');
            }
        }

        private void lose() {
            board.loseAll();
            replace('o', 'l');
        }

        private void replace(char from, char to) {
            for (int i = una; i < nxt; i++) {
                state[i] = state[i] == from ? to : state[i];
            }
        }

        private void sendAgain(int now) {
            int from = (int) board.firstLost();
            if (from >= 0) {
                int to = random.nextInt(from + 1, (int) board.lostEnd(from) + 1);
                board.sentAgain(from, to, now);
                Arrays.fill(state, from, to, 'o');
            }
        }

        private void report(int from, int to) {
            if (from > una && board.reported(from, to)) {
                Arrays.fill(state, from, to, 's');
            }
        }

        private void compare() {
            String bytes = new String(state, una, nxt - una);
            int lost = bytes.indexOf('l');
            String seen = "seed " + seed + " at " + una + "-" + nxt;
            assertEquals(bytes.chars().filter(c -> c == 's').count(), board.sackedBytes(), seen);
            assertEquals(bytes.chars().filter(c -> c == 'l').count(), board.lostBytes(), seen);
            assertEquals(lost < 0 ? -1 : una + lost, board.firstLost(), seen);
            assertEquals(nxt - una, board.outstandingBytes(), seen);
        }
    }
}
