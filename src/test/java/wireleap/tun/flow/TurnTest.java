package wireleap.tun.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class TurnTest {
    private final Turn turn = new Turn();
    private final List<String> served = new ArrayList<>();

    private Turn.Place place(String name) {
        return new Turn.Place(nowNanos -> served.add(name));
    }

    private Turn.Place failing() {
        return new Turn.Place(nowNanos -> {
            throw new IllegalStateException("a target of a test");
        });
    }

    @Test
    void eachIsServedOnceInTheOrderOfAdding() {
        Turn.Place a = place("a");
        turn.add(a);
        turn.add(place("b"));
        turn.add(a);
        turn.end(0);
        turn.end(0);
        assertEquals(List.of("a", "b"), served);
    }

    @Test
    void whatAddsItselfAgainIsServedInTheNextTurnBehindTheOthers() {
        Turn.Place[] again = new Turn.Place[1];
        again[0] = new Turn.Place(nowNanos -> {
            served.add("again");
            if (served.size() == 1) {
                turn.add(place("new"));
                turn.add(again[0]);
            }
        });
        turn.add(again[0]);
        turn.end(0);
        assertEquals(List.of("again"), served);
        turn.end(0);
        assertEquals(List.of("again", "new", "again"), served);
    }

    @Test
    void thoseBehindOneThatFailsAreServedInTheNextTurnFirst() {
        turn.add(place("a"));
        turn.add(new Turn.Place(nowNanos -> turn.add(place("added"))));
        turn.add(failing());
        turn.add(place("b"));
        turn.add(place("c"));
        assertThrows(IllegalStateException.class, () -> turn.end(0));
        turn.end(0);
        assertEquals(List.of("a", "b", "c", "added"), served);
        assertTrue(turn.isEmpty());
    }

    @Test
    void oneThatFailsAsTheLastLeavesNothingBehind() {
        turn.add(place("a"));
        turn.add(failing());
        assertThrows(IllegalStateException.class, () -> turn.end(0));
        assertTrue(turn.isEmpty());
    }

    @Test
    void oneThatHasFailedCanBeAddedAgain() {
        int[] times = new int[1];
        Turn.Place once = new Turn.Place(nowNanos -> {
            if (times[0]++ == 0) {
                throw new IllegalStateException("a target of a test");
            }
            served.add("once");
        });
        turn.add(once);
        assertThrows(IllegalStateException.class, () -> turn.end(0));
        turn.add(once);
        turn.end(0);
        assertEquals(List.of("once"), served);
    }
}
