package wireleap.tun.api;

import java.lang.ref.SoftReference;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.Optional;

/**
 * The memory of all bodies that are under way, in pieces that are used again: as garbage they would outlive the young
 * generation, and a flood of bodies would have the collector stop everybody again and again. Bounded: the first piece of
 * each body by the number of connections, all others together by a budget. Any thread.
 */
final class BodyMemory {
    static final int PIECE_BYTES = 16 << 10;

    private final int mostPieces;
    /** Left to the collector when nobody has wanted them for a while. Guarded by this, as all below. */
    private SoftReference<Deque<byte[]>> spare = new SoftReference<>(new ArrayDeque<>());
    private int lent;
    private int further;                                       // of those lent, behind a body's first

    /** @param mostBytes that may be lent at one time, without the first piece of each body */
    BodyMemory(int mostBytes) {
        mostPieces = mostBytes / PIECE_BYTES;
    }

    /** A body's first PIECE_BYTES, of any content. */
    synchronized byte[] borrowFirst() {
        lent++;
        Deque<byte[]> pieces = spare();
        return pieces.isEmpty() ? new byte[PIECE_BYTES] : pieces.pop();
    }

    private Deque<byte[]> spare() {
        Deque<byte[]> pieces = spare.get();
        if (pieces == null) {
            pieces = new ArrayDeque<>();
            spare = new SoftReference<>(pieces);
        }
        return pieces;
    }

    /** More of them; none where all are lent. */
    synchronized Optional<byte[]> borrow() {
        if (further == mostPieces) {
            return Optional.empty();
        }
        further++;
        return Optional.of(borrowFirst());
    }

    /** @param pieces of one body, all that it has borrowed; nobody reads them any more */
    synchronized void giveBack(Collection<byte[]> pieces) {
        lent -= pieces.size();
        further -= Math.max(0, pieces.size() - 1);
        spare().addAll(pieces);
    }

    /** How many pieces are lent. */
    synchronized int lent() {
        return lent;
    }
}
