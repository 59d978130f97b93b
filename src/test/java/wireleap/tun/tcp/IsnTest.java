package wireleap.tun.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import org.junit.jupiter.api.Test;

/** RFC 6528. */
class IsnTest {
    private final Isn isn = new Isn(1, 2);

    @Test
    void theSameEndsGoOnByTheClock() {
        int first = isn.next(1, 2, 3, 4, 5, 6, 1_000_000);
        assertEquals(first + 250, isn.next(1, 2, 3, 4, 5, 6, 2_000_000));
    }

    @Test
    void otherEndsBeginElsewhere() {
        int first = isn.next(1, 2, 3, 4, 5, 6, 0);
        assertNotEquals(first, isn.next(1, 2, 3, 4, 5, 7, 0));
        assertNotEquals(first, isn.next(1, 2, 4, 4, 5, 6, 0));
        assertNotEquals(first, isn.next(0, 2, 3, 4, 5, 6, 0));
        assertNotEquals(first, isn.next(4, 5, 6, 1, 2, 3, 0));
    }

    @Test
    void anotherSecretBeginsElsewhere() {
        assertNotEquals(isn.next(1, 2, 3, 4, 5, 6, 0), new Isn(1, 3).next(1, 2, 3, 4, 5, 6, 0));
    }
}
