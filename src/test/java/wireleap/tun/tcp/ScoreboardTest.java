package wireleap.tun.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ScoreboardTest {
    private static final int MSS = 100;

    private final Scoreboard board = new Scoreboard();

    @Test
    void aBlockSaysSomethingNewOnce() {
        assertTrue(board.add(1000, 1100, 0, 5000));
        assertFalse(board.add(1000, 1100, 0, 5000));
        assertTrue(board.add(1000, 1200, 0, 5000));
    }

    @Test
    void aBlockThatTouchesTheAcknowledgedIsIgnored() {
        assertFalse(board.add(0, 1100, 0, 5000));
        assertFalse(board.add(500, 1100, 700, 5000));
    }

    @Test
    void aBlockBeyondWhatWasSentIsIgnored() {
        assertFalse(board.add(1000, 5001, 0, 5000));
    }

    @Test
    void nothingIsLostBelowTwoSegments() {
        board.add(1000, 1200, 0, 5000);
        assertEquals(0, board.lostBelow(0, MSS));
    }

    @Test
    void allBelowMoreThanTwoSegmentsIsLost() {
        board.add(1000, 1201, 0, 5000);
        assertEquals(1000, board.lostBelow(0, MSS));
    }

    @Test
    void allBelowThreeRangesIsLost() {
        board.add(1000, 1010, 0, 5000);
        board.add(2000, 2010, 0, 5000);
        board.add(3000, 3010, 0, 5000);
        assertEquals(1000, board.lostBelow(0, MSS));
    }

    @Test
    void holesLieBetweenTheRanges() {
        board.add(1000, 1100, 0, 5000);
        board.add(2000, 2100, 0, 5000);
        assertEquals(0, board.holeStart(0));
        assertEquals(1000, board.holeEnd(0, 5000));
        assertEquals(1100, board.holeStart(1000));
        assertEquals(2000, board.holeEnd(1100, 5000));
        assertEquals(1500, board.holeEnd(1100, 1500));
        assertEquals(5000, board.holeEnd(2100, 5000));
        assertEquals(5000 - 200, board.missingBytes(0, 5000));
    }
}
