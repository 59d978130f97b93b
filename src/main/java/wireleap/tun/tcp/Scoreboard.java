package wireleap.tun.tcp;

import java.util.Arrays;

/**
 * What is outstanding, as byte ranges that tile [sndUna, sndNxt) however segments were cut: when each was sent last,
 * whether the peer has reported it (RFC 2018), whether it is lost and waits to be sent again, and whether it was sent
 * again. Tells {@link Rack} what was delivered.
 *
 * <p>What was sent in one turn is one range until the peer's reports cut it. The arrays grow with need up to a bound;
 * there neighbours of one kind become one, sent when the later was, and where that makes no room a report is passed
 * over, which costs at most a retransmission.
 */
final class Scoreboard {
    static final int MAX_RANGES = 128;
    private static final int FIRST_RANGES = 4;
    private static final long[] NO_POSITIONS = {};
    private static final byte[] NO_MARKS = {};

    /** The peer holds it. */
    private static final int SACKED = 1;
    /** It is lost, and was not sent again since that was found; never SACKED. */
    private static final int LOST = 2;
    /** It was sent more than once. */
    private static final int AGAIN = 4;

    private final Rack rack;
    private long sndUna;
    /** Where the ranges end; each begins where the one before ends, the first at sndUna. */
    private long[] end = NO_POSITIONS;
    private long[] sentNanos = NO_POSITIONS;
    private byte[] marks = NO_MARKS;
    private int size;
    private long sackedBytes;
    private long lostBytes;

    Scoreboard(Rack rack) {
        this.rack = rack;
    }

    /** Nothing is outstanding; all before the position is acknowledged. */
    void clear(long position) {
        sndUna = position;
        size = 0;
        sackedBytes = 0;
        lostBytes = 0;
    }

    /** Everything up to {@code to} has been sent now, from where the last call ended. */
    void sent(long to, long nowNanos) {
        int last = size - 1;
        if (size > 0 && marks[last] == 0 && sentNanos[last] == nowNanos) {
            end[last] = to;
        } else if (makeRoom(1)) {
            end[size] = to;
            sentNanos[size] = nowNanos;
            marks[size++] = 0;
        } else {
            last = size - 1;
            mark(last, 0);
            end[last] = to;
            sentNanos[last] = nowNanos;
        }
    }

    /** [from, to) has been sent again now; nothing of it is SACKED. */
    void sentAgain(long from, long to, long nowNanos) {
        cut(from, to);
        int first = indexOf(from);
        int after = first;
        while (after < size && startOf(after) < to) {
            mark(after++, AGAIN);
        }
        end[first] = end[after - 1];
        sentNanos[first] = nowNanos;
        remove(first + 1, after);
    }

    /** All before {@code to} is acknowledged. */
    void acknowledged(long to) {
        int done = 0;
        while (done < size && sndUna < to) {
            long reached = Math.min(end[done], to);
            if (is(done, SACKED)) {
                sackedBytes -= reached - sndUna;
            } else {
                lostBytes -= is(done, LOST) ? reached - sndUna : 0;
                rack.onDelivered(sentNanos[done], reached, is(done, AGAIN));
            }
            sndUna = reached;
            done += reached == end[done] ? 1 : 0;
        }
        remove(0, done);
    }

    /** The peer reports that it holds [left, right), all of it outstanding; true if that says anything new. */
    boolean reported(long left, long right) {
        int known = indexOf(left);
        if (is(known, SACKED) && right <= end[known] || !cut(left, right)) {
            return false;
        }
        for (int i = indexOf(left); i < size && end[i] <= right; i++) {
            if (!is(i, SACKED)) {
                rack.onDelivered(sentNanos[i], end[i], is(i, AGAIN));
                mark(i, SACKED);
            }
        }
        join(false);
        return true;
    }

    /**
     * Whether the peer has thought better of what it has reported (RFC 2018 section 8): it acknowledges all before a
     * range that it said it holds, and not the range.
     */
    boolean isReneged() {
        return size > 0 && is(0, SACKED);
    }

    /** Nothing is taken for reported any more. */
    void forgetReports() {
        for (int i = 0; i < size; i++) {
            if (is(i, SACKED)) {
                mark(i, AGAIN); // whether it was, is not known any more
            }
        }
    }

    /** A range is lost. */
    void lose(int index) {
        mark(index, marks[index] | LOST);
    }

    /** All that is not reported is lost. */
    void loseAll() {
        for (int i = 0; i < size; i++) {
            if (!is(i, SACKED)) {
                lose(i);
            }
        }
    }

    /** The first bytes are lost, unless they were sent again already; false: they were. Something is outstanding. */
    boolean loseFirst(int bytes) {
        if (marks[0] != 0) {
            return false;
        }
        cut(sndUna, Math.min(sndUna + bytes, sndNxt()));
        lose(0);
        return true;
    }

    /** Nothing is lost after all. */
    void loseNothing() {
        for (int i = 0; i < size; i++) {
            mark(i, marks[i] & ~LOST);
        }
    }

    /** The first lost byte, or -1. */
    long firstLost() {
        for (int i = 0; lostBytes > 0 && i < size; i++) {
            if (is(i, LOST)) {
                return startOf(i);
            }
        }
        return -1;
    }

    /** Where the lost bytes that begin at {@code from} end. */
    long lostEnd(long from) {
        int index = indexOf(from);
        while (index + 1 < size && is(index + 1, LOST)) {
            index++;
        }
        return end[index];
    }

    long sndUna() {
        return sndUna;
    }

    long sndNxt() {
        return size == 0 ? sndUna : end[size - 1];
    }

    long outstandingBytes() {
        return sndNxt() - sndUna;
    }

    long sackedBytes() {
        return sackedBytes;
    }

    long lostBytes() {
        return lostBytes;
    }

    /** How many ranges there are. */
    int size() {
        return size;
    }

    /** Where a range ends. */
    long end(int index) {
        return end[index];
    }

    /** When a range was sent last. */
    long sentNanos(int index) {
        return sentNanos[index];
    }

    /** Whether a range is neither reported nor waits to be sent again. */
    boolean isInFlight(int index) {
        return (marks[index] & (SACKED | LOST)) == 0;
    }

    private boolean is(int index, int mark) {
        return (marks[index] & mark) != 0;
    }

    private long startOf(int index) {
        return index == 0 ? sndUna : end[index - 1];
    }

    /** The index of the range with that position, or size. */
    private int indexOf(long position) {
        int index = 0;
        while (index < size && end[index] <= position) {
            index++;
        }
        return index;
    }

    private void mark(int index, int newMarks) {
        long bytes = end[index] - startOf(index);
        sackedBytes += (newMarks & SACKED) == (marks[index] & SACKED) ? 0 : is(index, SACKED) ? -bytes : bytes;
        lostBytes += (newMarks & LOST) == (marks[index] & LOST) ? 0 : is(index, LOST) ? -bytes : bytes;
        marks[index] = (byte) newMarks;
    }

    /** Lets ranges begin at {@code from} and {@code to}; false: there is no room, and nothing changed. */
    private boolean cut(long from, long to) {
        if (!makeRoom(2)) {
            return false;
        }
        cut(from);
        cut(to);
        return true;
    }

    private void cut(long position) {
        int index = indexOf(position);
        if (index == size || startOf(index) == position) {
            return;
        }
        System.arraycopy(end, index, end, index + 1, size - index);
        System.arraycopy(sentNanos, index, sentNanos, index + 1, size - index);
        System.arraycopy(marks, index, marks, index + 1, size - index);
        end[index] = position;
        size++;
    }

    /** Takes out the places from..to-1; what they covered belongs to the range before, or is acknowledged. */
    private void remove(int from, int to) {
        if (from < to) {
            System.arraycopy(end, to, end, from, size - to);
            System.arraycopy(sentNanos, to, sentNanos, from, size - to);
            System.arraycopy(marks, to, marks, from, size - to);
            size -= to - from;
        }
    }

    /** Whether so many ranges more can be had. */
    private boolean makeRoom(int more) {
        if (size + more > end.length && end.length < MAX_RANGES) {
            int capacity = Math.max(FIRST_RANGES, 2 * end.length);
            end = Arrays.copyOf(end, capacity);
            sentNanos = Arrays.copyOf(sentNanos, capacity);
            marks = Arrays.copyOf(marks, capacity);
        }
        if (size + more > end.length) {
            join(true);
        }
        return size + more <= end.length;
    }

    /** Makes one of reported neighbours and, if {@code coarsely}, of each two others of one kind. */
    private void join(boolean coarsely) {
        int kept = 0;
        boolean joined = false;
        for (int i = 1; i < size; i++) {
            boolean joins = marks[i] == marks[kept] && (is(i, SACKED) || coarsely && !joined);
            if (joins) {
                sentNanos[kept] = Math.max(sentNanos[kept], sentNanos[i]);
            } else {
                kept++;
                sentNanos[kept] = sentNanos[i];
                marks[kept] = marks[i];
            }
            end[kept] = end[i];
            joined = joins;
        }
        size = kept + 1;
    }
}
