package wireleap.tun.flow;

import java.util.function.IntFunction;
import wireleap.tun.mem.KeyTable;
import wireleap.tun.tcp.TcpState;

/**
 * Some of a stack's flows, copied by the loop's thread into plain numbers, and where to go on. The same page is given to
 * {@link Stack#copyFlows} again and again, in turn filled there and read here, until {@link #isLast}.
 *
 * <p>A turn costs at most {@link #SLOTS_A_TURN} looks into a table. The tables are walked downwards, and at the end the
 * run at their top again: removing an entry moves others downwards within their run, so that none is missed that lives
 * all the time. A table that grows meanwhile is walked anew. So a flow may be met twice; its number tells.
 */
public final class FlowPage {
    /** The most flows of a page. */
    public static final int ROWS = 256;
    static final int SLOTS_A_TURN = 2048;
    private static final int COLUMNS = 13;
    private static final TcpState[] STATES = TcpState.values();

    private final long[] cells = new long[ROWS * COLUMNS];
    private int count;
    private boolean walksTcp = true;
    private boolean last;
    /** Slots of the table that is walked; 0: not begun. */
    private int slots;
    private int slot;
    private boolean wrapped;

    /** Begins the next page. */
    void clear() {
        count = 0;
    }

    /** Whether this page still takes TCP flows. */
    boolean walksTcp() {
        return walksTcp;
    }

    /** A table was walked to its end: the next one, or none. */
    void endOfTable() {
        last = !walksTcp;
        walksTcp = false;
        slots = 0;
    }

    /** What puts an entry down. */
    @FunctionalInterface
    interface Row<E> {
        void of(E entry);
    }

    /** Walks on; true: the whole table has been walked. */
    <E extends KeyTable.Entry> boolean walk(int tableSlots, IntFunction<E> at, Row<E> row) {
        if (slots != tableSlots) {
            slots = tableSlots;
            slot = tableSlots;
            wrapped = false;
        }
        for (int left = SLOTS_A_TURN; left > 0 && count < ROWS; left--) {
            if (slot == 0) {
                if (wrapped) {
                    return true;
                }
                wrapped = true;
                slot = slots;
            }
            E entry = at.apply(--slot);
            if (entry != null) {
                row.of(entry);
            } else if (wrapped) {
                return true;
            }
        }
        return false;
    }

    /** Puts a row down; of a UDP session the target is the last one, all 0 before the first. */
    void add(long number, int state, long clientHi, long clientLo, int clientPort, long targetHi, long targetLo,
             int targetPort, long openedNanos, long bytesUp, long bytesDown, int heldUp, long heldDown) {
        int at = count++ * COLUMNS;
        cells[at] = number;
        cells[at + 1] = state;
        cells[at + 2] = clientHi;
        cells[at + 3] = clientLo;
        cells[at + 4] = clientPort;
        cells[at + 5] = targetHi;
        cells[at + 6] = targetLo;
        cells[at + 7] = targetPort;
        cells[at + 8] = openedNanos;
        cells[at + 9] = bytesUp;
        cells[at + 10] = bytesDown;
        cells[at + 11] = heldUp;
        cells[at + 12] = heldDown;
    }

    /** Whether there are no more flows than those that were and are here. */
    public boolean isLast() {
        return last;
    }

    /** How many rows there are, 0..{@link #ROWS}. */
    public int count() {
        return count;
    }

    /** Whose row it is: never the same of two flows of a stack. */
    public long number(int row) {
        return cells[row * COLUMNS];
    }

    /** Whether it is a TCP flow; else a UDP session. */
    public boolean isTcp(int row) {
        return cells[row * COLUMNS + 1] >= 0;
    }

    /** The state of a TCP flow. */
    public TcpState state(int row) {
        return STATES[(int) cells[row * COLUMNS + 1]];
    }

    /** Whether the upstream of a UDP session takes datagrams already. */
    public boolean isOpen(int row) {
        return cells[row * COLUMNS + 1] == UdpFlow.OPEN;
    }

    /** The client's address, high half. */
    public long clientHi(int row) {
        return cells[row * COLUMNS + 2];
    }

    /** The client's address, low half. */
    public long clientLo(int row) {
        return cells[row * COLUMNS + 3];
    }

    /** The client's port. */
    public int clientPort(int row) {
        return (int) cells[row * COLUMNS + 4];
    }

    /** The target's address, high half; of a UDP session the last one's. */
    public long targetHi(int row) {
        return cells[row * COLUMNS + 5];
    }

    /** The target's address, low half. */
    public long targetLo(int row) {
        return cells[row * COLUMNS + 6];
    }

    /** The target's port; 0: a UDP session that has sent nothing. */
    public int targetPort(int row) {
        return (int) cells[row * COLUMNS + 7];
    }

    /** When it began, on the loop's clock. */
    public long openedNanos(int row) {
        return cells[row * COLUMNS + 8];
    }

    /** Bytes of the client's that the upstream took. */
    public long bytesUp(int row) {
        return cells[row * COLUMNS + 9];
    }

    /** Bytes of the upstream's: of TCP those that the client has acknowledged, of UDP those sent to it. */
    public long bytesDown(int row) {
        return cells[row * COLUMNS + 10];
    }

    /** Bytes of the client's that wait for the upstream. */
    public long heldUp(int row) {
        return cells[row * COLUMNS + 11];
    }

    /** Bytes of the upstream's that were seen and that the client has not acknowledged. */
    public long heldDown(int row) {
        return cells[row * COLUMNS + 12];
    }
}
