package wireleap.tun.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class DoorkeeperTest {
    private static final int CALM = 10;
    private static final long SECOND = 1_000_000_000L;
    private static final long HOST = World.CLIENT;

    private final Doorkeeper door = new Doorkeeper(CALM, 1);

    private long strangersLetIn(int halfOpen, long nowNanos) {
        return LongStream.range(0, 10_000).filter(i -> door.admits(0, HOST + 1 + i, halfOpen, nowNanos)).count();
    }

    @Test
    void inCalmTimesEverybodyIsLetIn() {
        assertEquals(10_000, strangersLetIn(CALM, 0));
    }

    @Test
    void inAFloodFewStrangersAreLetIn() {
        assertEquals(64, strangersLetIn(CALM + 1, 0));
        assertEquals(64, strangersLetIn(CALM + 1, SECOND));
    }

    @Test
    void clientsThatAnsweredBeforeAreLetInWhateverGoesOn() {
        door.know(0, HOST);
        strangersLetIn(CALM + 1, 0);
        assertTrue(door.admits(0, HOST, CALM + 1, 0));
    }

    @Test
    void strangersWhoseBitsAreThoseOfAnAcquaintanceAreStrangers() {
        door.know(0, HOST);
        assertEquals(64, LongStream.range(1, 1000).filter(i -> door.admits(i << 32, HOST, CALM + 1, 0)).count());
    }
}
