package wireleap.tun.tcp;

import java.util.Arrays;

/**
 * A set of positions as a few disjoint ranges, sorted and never touching each other. Of fixed capacity; its arrays are
 * made and grow when they are needed, for most sets stay empty.
 */
final class RangeSet {
    private static final int FIRST_RANGES = 4;
    private static final long[] NO_POSITIONS = {};

    private final int capacity;
    private long[] left = NO_POSITIONS;
    private long[] right = NO_POSITIONS;
    private int size;

    RangeSet(int capacity) {
        this.capacity = capacity;
    }

    void clear() {
        size = 0;
    }

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    long left(int index) {
        return left[index];
    }

    long right(int index) {
        return right[index];
    }

    /** The end of the last range; only when not empty. */
    long highest() {
        return right[size - 1];
    }

    /** The first position from {@code from} on that is not in the set. */
    long firstAbsent(long from) {
        int index = indexReaching(from);
        return index < size && left[index] <= from && from < right[index] ? right[index] : from;
    }

    boolean containsAll(long from, long to) {
        int index = indexReaching(from);
        return index < size && left[index] <= from && to <= right[index];
    }

    /** The index of the range with that position, or -1. */
    int indexOf(long position) {
        int index = indexReaching(position + 1);
        return index < size && left[index] <= position ? index : -1;
    }

    /** Adds [from, to), to above from. False: it would need one more range than there is room for; nothing changed. */
    boolean add(long from, long to) {
        if (!hasRoomFor(from, to)) {
            return false;
        }
        int first = indexReaching(from);
        int after = first;
        long newLeft = from;
        long newRight = to;
        while (after < size && left[after] <= to) {
            newLeft = Math.min(newLeft, left[after]);
            newRight = Math.max(newRight, right[after]);
            after++;
        }
        replace(first, after);
        left[first] = newLeft;
        right[first] = newRight;
        return true;
    }

    /** Whether [from, to) could be added. */
    boolean hasRoomFor(long from, long to) {
        int first = indexReaching(from);
        return size < capacity || first < size && left[first] <= to;
    }

    /** Takes out everything before a position. */
    void removeBelow(long position) {
        int kept = indexReaching(position + 1);
        System.arraycopy(left, kept, left, 0, size - kept);
        System.arraycopy(right, kept, right, 0, size - kept);
        size -= kept;
        if (size > 0 && left[0] < position) {
            left[0] = position;
        }
    }

    /** The index of the first range that ends at or after a position, or size. */
    private int indexReaching(long position) {
        int index = 0;
        while (index < size && right[index] < position) {
            index++;
        }
        return index;
    }

    /** Makes the ranges first..after-1 one (of no meaning yet). */
    private void replace(int first, int after) {
        if (first == after && size == left.length) {
            int length = Math.min(capacity, Math.max(FIRST_RANGES, 2 * size));
            left = Arrays.copyOf(left, length);
            right = Arrays.copyOf(right, length);
        }
        System.arraycopy(left, after, left, first + 1, size - after);
        System.arraycopy(right, after, right, first + 1, size - after);
        size += first + 1 - after;
    }
}
