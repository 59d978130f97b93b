package wireleap.tun.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.mem.KeyTable;
import wireleap.tun.mem.SipHash;

class FlowPageTest {
    private static final int LIMIT = 1 << 14;

    private final KeyTable<Numbered> table = new KeyTable<>(LIMIT, new SipHash(1, 2));
    private final FlowPage page = new FlowPage();
    private final Set<Long> seen = new HashSet<>();
    private long next;

    private static final class Numbered extends KeyTable.Entry {
        private final long number;

        Numbered(long number) {
            this.number = number;
            key(number, 0, 0, 0, 0);
        }
    }

    private Numbered add() {
        Numbered added = new Numbered(next++);
        table.add(added);
        return added;
    }

    /** The next page; true: it is the last. */
    private boolean turn() {
        page.clear();
        boolean last = page.walk(table.slots(), table::at, e -> page.add(e.number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
        assertTrue(page.count() <= FlowPage.ROWS);
        for (int row = 0; row < page.count(); row++) {
            seen.add(page.number(row));
        }
        return last;
    }

    @Test
    void anEmptyTableIsOnePage() {
        assertTrue(turn());
        assertEquals(Set.of(), seen);
    }

    @Test
    void allAreSeen() {
        for (int i = 0; i < 5000; i++) {
            add();
        }
        int turns = 1;
        while (!turn()) {
            turns++;
        }
        assertEquals(5000, seen.size());
        assertTrue(turns >= 5000 / FlowPage.ROWS && turns < 60, "turns: " + turns);
    }

    @Test
    void aTurnLooksAtABoundedNumberOfSlots() {
        List<Numbered> all = new ArrayList<>();
        for (int i = 0; i < LIMIT; i++) {
            all.add(add());
        }
        all.forEach(table::remove);
        int turns = 1;
        while (!turn()) {
            turns++;
        }
        assertEquals(table.slots() / FlowPage.SLOTS_A_TURN + 1, turns);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void whoLivesAllTheTimeIsSeenWhateverComesAndGoes(long seed) {
        Random random = new Random(seed);
        List<Numbered> passing = new ArrayList<>();
        Set<Long> lasting = new HashSet<>();
        for (int i = 0; i < 3000; i++) {
            Numbered added = add();
            if (random.nextBoolean()) {
                lasting.add(added.number);
            } else {
                passing.add(added);
            }
        }
        while (!turn()) {
            for (int i = 0; i < 100 && !passing.isEmpty(); i++) {
                table.remove(passing.remove(random.nextInt(passing.size())));
            }
            for (int i = random.nextInt(150); i > 0; i--) {
                passing.add(add());
            }
        }
        lasting.removeAll(seen);
        assertEquals(Set.of(), lasting);
    }
}
