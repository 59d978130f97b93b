package wireleap.tun.tcp;

import wireleap.tun.wire.TcpOptions;

/** A received SACK option (RFC 2018) as positions of our stream; reusable, empty where there is no agreement on it. */
final class SackBlocks {
    private TcpOptions options;
    private int count;
    private int iss;
    private long sndUna;

    SackBlocks of(TcpOptions options, boolean agreed, int iss, long sndUna) {
        this.options = options;
        this.count = agreed ? options.sackCount() : 0;
        this.iss = iss;
        this.sndUna = sndUna;
        return this;
    }

    private long left(int block) {
        return SequenceNumbers.toPosition(iss, options.sackLeft(block), sndUna);
    }

    private long right(int block) {
        return SequenceNumbers.toPosition(iss, options.sackRight(block), sndUna);
    }

    /** Where the first block ends if it reports what came twice (D-SACK, RFC 2883 section 4), else -1. */
    long duplicateEnd(long ack) {
        if (count == 0) {
            return -1;
        }
        long left = left(0);
        long right = right(0);
        boolean held = count > 1 && left(1) <= left && right <= right(1);
        return left < right && (right <= ack || held) ? right : -1;
    }

    /** Tells which bytes the peer holds, from a block on; true if any of that is new. */
    boolean report(int first, LossRecovery recovery) {
        boolean news = false;
        for (int i = first; i < count; i++) {
            news |= recovery.onSackBlock(left(i), right(i));
        }
        return news;
    }
}
