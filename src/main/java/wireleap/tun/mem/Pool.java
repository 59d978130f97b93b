package wireleap.tun.mem;

import java.util.function.Supplier;

/**
 * Objects that are used again: taken, given back, made only when none is left. What was never given back is simply
 * forgotten. Run by the loop's thread alone.
 */
public final class Pool<T> {
    private final Supplier<T> maker;
    private final Object[] idle;
    private int count;

    /**
     * An empty pool.
     *
     * @param keepMost how many idle objects are kept; what is given back beyond is left to the collector
     */
    public Pool(Supplier<T> maker, int keepMost) {
        this.maker = maker;
        this.idle = new Object[keepMost];
    }

    /** An idle object, in the state in which it was given back, or a new one. */
    public T take() {
        if (count == 0) {
            return maker.get();
        }
        @SuppressWarnings("unchecked") // only give() fills it
        T object = (T) idle[--count];
        idle[count] = null;
        return object;
    }

    /** Gives an object back; it must not be used after. */
    public void give(T object) {
        if (count < idle.length) {
            idle[count++] = object;
        }
    }
}
