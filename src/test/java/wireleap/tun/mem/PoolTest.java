package wireleap.tun.mem;

import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.junit.jupiter.api.Test;

/** What was given back is taken again. */
final class PoolTest {
    private final Pool<Object> pool = new Pool<>(Object::new, 1);

    @Test
    void emptyPoolMakesNewOnes() {
        assertNotSame(pool.take(), pool.take());
    }

    @Test
    void givenBackIsTakenAgain() {
        Object object = pool.take();
        pool.give(object);
        assertSame(object, pool.take());
    }

    @Test
    void keepsNoMoreThanItsLimit() {
        Object kept = pool.take();
        Object beyond = pool.take();
        pool.give(kept);
        pool.give(beyond);
        assertSame(kept, pool.take());
        assertNotSame(beyond, pool.take());
    }
}
