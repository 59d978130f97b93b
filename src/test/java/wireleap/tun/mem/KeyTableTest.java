package wireleap.tun.mem;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Entries by key. */
final class KeyTableTest {
    private static final class Plain extends KeyTable.Entry {
        Plain(int number) {
            key(number & 3, number >> 2 & 3, number >> 4 & 3, number >> 6 & 3, number >> 8);
        }

        Plain within(KeyTable<Plain> table) {
            return table.find(key0(), key1(), key2(), key3(), key4());
        }
    }

    private final KeyTable<Plain> table = new KeyTable<>(1 << 16, new SipHash(1, 2));

    @Test
    void emptyTableFindsNothing() {
        assertNull(new Plain(1).within(table));
    }

    @Test
    void everyPartOfTheKeyCounts() {
        table.add(new Plain(0));
        assertNull(table.find(1, 0, 0, 0, 0));
        assertNull(table.find(0, 1, 0, 0, 0));
        assertNull(table.find(0, 0, 1, 0, 0));
        assertNull(table.find(0, 0, 0, 1, 0));
        assertNull(table.find(0, 0, 0, 0, 1));
    }

    @Test
    void keyOfAnEntryInATableMustNotChange() {
        Plain entry = new Plain(1);
        table.add(entry);
        assertThrows(AssertionError.class, () -> entry.key(1, 2, 3, 4, 5));
    }

    @Test
    void fullTableSaysSo() {
        KeyTable<Plain> small = new KeyTable<>(3, new SipHash(1, 2));
        for (int i = 0; i < 3; i++) {
            small.add(new Plain(i));
        }
        assertTrue(small.isFull());
    }

    @Test
    void removingWhatIsNotInChangesNothing() {
        table.add(new Plain(1));
        table.remove(new Plain(2));
        assertEquals(1, table.size());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void agreesWithAHashMapWhateverHappens(long seed) {
        Random random = new Random(seed);
        Map<Integer, Plain> model = new HashMap<>();
        int range = 1 + random.nextInt(20_000);
        for (int step = 0; step < 100_000; step++) {
            int number = random.nextInt(range);
            Plain known = model.get(number);
            assertSame(known, new Plain(number).within(table), "seed " + seed + ", step " + step);
            if (known != null && random.nextBoolean()) {
                table.remove(known);
                model.remove(number);
            } else if (known == null) {
                Plain flow = new Plain(number);
                table.add(flow);
                model.put(number, flow);
            }
            assertEquals(model.size(), table.size());
        }
        for (Map.Entry<Integer, Plain> entry : model.entrySet()) {
            assertSame(entry.getValue(), new Plain(entry.getKey()).within(table));
        }
    }
}
