package wireleap.tun.wire;

/**
 * Which bytes of a datagram have come: disjoint ranges in ascending order, neighbours merged. Holds at most
 * {@link #MAX_EXTENTS}; fragments that come in order, or in reverse, need one.
 */
final class Extents {
    /** A datagram of 64 KiB in packets of 1280 bytes has 54 fragments, so at most 27 ranges. */
    static final int MAX_EXTENTS = 32;

    /** The range was not there and now is. */
    static final int ADDED = 0;
    /** All of the range has come before. */
    static final int CONTAINED = 1;
    /** A part of the range has come before, another has not. */
    static final int OVERLAPPING = 2;
    /** The range was not there, and there is no place to note it. */
    static final int FULL = 3;

    private final int[] starts = new int[MAX_EXTENTS];
    private final int[] ends = new int[MAX_EXTENTS];
    private int count;

    void clear() {
        count = 0;
    }

    /** The end of the last range; 0 if there is none. */
    int end() {
        return count == 0 ? 0 : ends[count - 1];
    }

    /** The end of the range that starts at 0; 0 if there is none. */
    int prefix() {
        return count == 0 || starts[0] != 0 ? 0 : ends[0];
    }

    /** Notes start..end (exclusive, after start) unless any of it is there: ADDED, CONTAINED, OVERLAPPING, FULL. */
    int add(int start, int end) {
        int left = 0;
        while (left < count && ends[left] < start) {
            left++;
        }
        if (left < count && starts[left] <= start && end <= ends[left]) {
            return CONTAINED;
        }
        boolean joinsLeft = left < count && ends[left] == start;
        int right = joinsLeft ? left + 1 : left;
        if (right < count && starts[right] < end) {
            return OVERLAPPING;
        }
        boolean joinsRight = right < count && starts[right] == end;
        if (joinsLeft) {
            ends[left] = end;
            if (joinsRight) {
                ends[left] = ends[right];
                remove(right);
            }
        } else if (joinsRight) {
            starts[right] = start;
        } else {
            return insert(right, start, end);
        }
        return ADDED;
    }

    private int insert(int index, int start, int end) {
        if (count == MAX_EXTENTS) {
            return FULL;
        }
        System.arraycopy(starts, index, starts, index + 1, count - index);
        System.arraycopy(ends, index, ends, index + 1, count - index);
        starts[index] = start;
        ends[index] = end;
        count++;
        return ADDED;
    }

    private void remove(int index) {
        count--;
        System.arraycopy(starts, index + 1, starts, index, count - index);
        System.arraycopy(ends, index + 1, ends, index, count - index);
    }
}
