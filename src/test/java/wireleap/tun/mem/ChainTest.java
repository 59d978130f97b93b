package wireleap.tun.mem;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Order by age. */
final class ChainTest {
    private static final class Item {
        final Chain.Link<Item> link = new Chain.Link<>(this);
    }

    private final Chain<Item> chain = new Chain<>();

    private List<Item> all() {
        List<Item> items = new ArrayList<>();
        for (Item item = chain.oldest(); item != null; item = item.link.younger()) {
            items.add(item);
        }
        return items;
    }

    @Test
    void emptyChainHasNoOldest() {
        assertNull(chain.oldest());
    }

    @Test
    void addingAgainMakesTheYoungest() {
        Item first = new Item();
        Item second = new Item();
        chain.add(first.link);
        chain.add(second.link);
        chain.add(first.link);
        assertEquals(List.of(second, first), all());
    }

    @Test
    void addingToAnotherLeavesTheFirst() {
        Chain<Item> other = new Chain<>();
        Item item = new Item();
        chain.add(item.link);
        other.add(item.link);
        assertEquals(0, chain.size());
        assertTrue(item.link.isIn(other));
        assertFalse(item.link.isIn(chain));
    }

    @Test
    void leavingWithoutBeingInChangesNothing() {
        Item item = new Item();
        item.link.leave();
        assertEquals(0, chain.size());
    }

    @Test
    void agreesWithAListWhateverHappens() {
        Random random = new Random(1);
        List<Item> model = new ArrayList<>();
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            items.add(new Item());
        }
        for (int step = 0; step < 20_000; step++) {
            Item item = items.get(random.nextInt(items.size()));
            model.remove(item);
            if (random.nextBoolean()) {
                chain.add(item.link);
                model.add(item);
            } else {
                item.link.leave();
            }
            assertEquals(model, all());
            assertEquals(model.size(), chain.size());
        }
    }
}
