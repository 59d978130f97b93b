package wireleap.tun.h2;

import wireleap.tun.mem.Chain;

/**
 * Who may send us how much on a connection: our windows, RFC 9113 section 6.9, and the WINDOW_UPDATE frames that are
 * owed. The connection's is as wide as can be and never the brake; a stream's is what its ring has room for.
 */
final class Receiving {
    private final Outbox outbox;
    /** Streams that owe one. */
    private final Chain<H2Stream> owing = new Chain<>();
    /** What the peer may still send in all. */
    private int window = Frame.FIRST_WINDOW;

    Receiving(Outbox outbox) {
        this.outbox = outbox;
    }

    /** So many bytes come, of any stream: whether they may. */
    boolean charge(int length) {
        window -= length;
        return window >= 0;
    }

    /** A stream's ring may have room again. */
    void owes(H2Stream stream) {
        if (!stream.owing.isIn(owing) && stream.owesWindow()) {
            owing.add(stream.owing);
        }
    }

    /** Whether {@link #pay} has something to do. */
    boolean mayPay() {
        return owing.size() > 0 && hasRoom();
    }

    private boolean hasRoom() {
        return outbox.hasRoom(Outbox.CONTROL_BYTES / 2);
    }

    /** Widens what is to be wider, as far as there is room for the frames. */
    void pay() {
        for (H2Stream stream = owing.oldest(); stream != null && hasRoom(); stream = owing.oldest()) {
            stream.owing.leave();
            if (stream.owesWindow()) {
                int widening = stream.owedWindow();
                stream.receiveWindow += widening;
                outbox.numbers(Frame.WINDOW_UPDATE, 0, stream.id, 1, widening, 0);
            }
        }
        if (window < Frame.LARGEST_WINDOW / 2 && hasRoom()) {
            outbox.numbers(Frame.WINDOW_UPDATE, 0, 0, 1, Frame.LARGEST_WINDOW - window, 0);
            window = Frame.LARGEST_WINDOW;
        }
    }
}
