package wireleap.tun.wire;

import static wireleap.tun.mem.Bytes.i32;
import static wireleap.tun.mem.Bytes.putI32;
import static wireleap.tun.mem.Bytes.u16;
import static wireleap.tun.mem.Bytes.u8;

import java.lang.foreign.MemorySegment;

/**
 * The options of a TCP header: maximum segment size (RFC 9293 section 3.7.1), window scale and timestamps (RFC 7323),
 * SACK (RFC 2018). Unknown ones are passed over; from a malformed one on the rest is ignored. Reusable; owns no memory.
 *
 * <p>The put methods write options, each padded by NOPs to a multiple of four bytes, and return the offset after them.
 */
public final class TcpOptions {
    /** Bytes that {@link #putMss} writes. */
    public static final int MSS_BYTES = 4;
    /** Bytes that {@link #putWindowScale} writes. */
    public static final int WINDOW_SCALE_BYTES = 4;
    /** Bytes that {@link #putSackPermitted} writes. */
    public static final int SACK_PERMITTED_BYTES = 4;
    /** Bytes that {@link #putTimestamps} writes. */
    public static final int TIMESTAMPS_BYTES = 12;
    /** Bytes that {@link #putSackHeader} writes, without the blocks. */
    public static final int SACK_HEADER_BYTES = 4;
    /** Bytes of a SACK block. */
    public static final int SACK_BLOCK_BYTES = 8;

    private static final int END = 0;
    private static final int NOP = 1;
    private static final int MSS = 2;
    private static final int WINDOW_SCALE = 3;
    private static final int SACK_PERMITTED = 4;
    private static final int SACK = 5;
    private static final int TIMESTAMPS = 8;

    private static final int TIMESTAMPS_WORD = NOP << 24 | NOP << 16 | TIMESTAMPS << 8 | 10;
    private static final int SACK_PERMITTED_WORD = NOP << 24 | NOP << 16 | SACK_PERMITTED << 8 | 2;

    private MemorySegment memory = MemorySegment.NULL;
    private int mss;
    private int windowScale;
    private boolean sackPermitted;
    private boolean timestamps;
    private int tsVal;
    private int tsEcr;
    private int sackCount;
    private long sackOffset;

    TcpOptions() {}

    /** Reads the options; a header's only. */
    void parse(MemorySegment memory, long offset, int length) {
        this.memory = memory;
        mss = 0;
        windowScale = -1;
        sackPermitted = false;
        timestamps = false;
        sackCount = 0;
        if (length == TIMESTAMPS_BYTES && i32(memory, offset) == TIMESTAMPS_WORD) {
            take(TIMESTAMPS, offset + 2, 10); // what almost every segment carries: RFC 7323 appendix A
            return;
        }
        long end = offset + length;
        long at = offset;
        while (at < end) {
            int kind = u8(memory, at);
            if (kind == NOP) {
                at++;
                continue;
            }
            if (kind == END || at + 1 == end) {
                return;
            }
            int optionBytes = u8(memory, at + 1);
            if (optionBytes < 2 || at + optionBytes > end) {
                return;
            }
            take(kind, at, optionBytes);
            at += optionBytes;
        }
    }

    private void take(int kind, long at, int optionBytes) {
        if (kind == MSS && optionBytes == 4) {
            mss = u16(memory, at + 2);
        } else if (kind == WINDOW_SCALE && optionBytes == 3) {
            windowScale = u8(memory, at + 2);
        } else if (kind == SACK_PERMITTED && optionBytes == 2) {
            sackPermitted = true;
        } else if (kind == TIMESTAMPS && optionBytes == 10) {
            timestamps = true;
            tsVal = i32(memory, at + 2);
            tsEcr = i32(memory, at + 6);
        } else if (kind == SACK && optionBytes % SACK_BLOCK_BYTES == 2) {
            sackCount = optionBytes / SACK_BLOCK_BYTES;
            sackOffset = at + 2;
        }
    }

    /** Maximum segment size in bytes, 0: absent. */
    public int mss() {
        return mss;
    }

    /** Shift of the sender's windows, 0..255 (more than 14 means 14: RFC 7323 section 2.3), -1: absent. */
    public int windowScale() {
        return windowScale;
    }

    /** Whether the sender of a SYN understands SACK. */
    public boolean sackPermitted() {
        return sackPermitted;
    }

    /** Whether {@link #tsVal} and {@link #tsEcr} are there. */
    public boolean hasTimestamps() {
        return timestamps;
    }

    /** The sender's clock. */
    public int tsVal() {
        return tsVal;
    }

    /** The clock of the other side, echoed; meaningful with ACK. */
    public int tsEcr() {
        return tsEcr;
    }

    /** SACK blocks, 0..4. */
    public int sackCount() {
        return sackCount;
    }

    /** First sequence number of a block, 0 &lt;= index &lt; {@link #sackCount}. */
    public int sackLeft(int index) {
        return i32(memory, sackOffset + index * SACK_BLOCK_BYTES);
    }

    /** Sequence number after the last of a block. */
    public int sackRight(int index) {
        return i32(memory, sackOffset + index * SACK_BLOCK_BYTES + 4);
    }

    /** Maximum segment size, 0..65535; SYN only. */
    public static long putMss(MemorySegment memory, long offset, int mss) {
        putI32(memory, offset, MSS << 24 | 4 << 16 | mss);
        return offset + MSS_BYTES;
    }

    /** Window scale, 0..14; SYN only. */
    public static long putWindowScale(MemorySegment memory, long offset, int shift) {
        putI32(memory, offset, NOP << 24 | WINDOW_SCALE << 16 | 3 << 8 | shift);
        return offset + WINDOW_SCALE_BYTES;
    }

    /** SACK permitted; SYN only. */
    public static long putSackPermitted(MemorySegment memory, long offset) {
        putI32(memory, offset, SACK_PERMITTED_WORD);
        return offset + SACK_PERMITTED_BYTES;
    }

    /** Timestamps. */
    public static long putTimestamps(MemorySegment memory, long offset, int tsVal, int tsEcr) {
        putI32(memory, offset, TIMESTAMPS_WORD);
        putI32(memory, offset + 4, tsVal);
        putI32(memory, offset + 8, tsEcr);
        return offset + TIMESTAMPS_BYTES;
    }

    /** The beginning of a SACK option with so many blocks, 1..4, which must follow by {@link #putSackBlock}. */
    public static long putSackHeader(MemorySegment memory, long offset, int blocks) {
        putI32(memory, offset, NOP << 24 | NOP << 16 | SACK << 8 | 2 + blocks * SACK_BLOCK_BYTES);
        return offset + SACK_HEADER_BYTES;
    }

    /** A SACK block: bytes from left up to, not including, right have arrived. */
    public static long putSackBlock(MemorySegment memory, long offset, int left, int right) {
        putI32(memory, offset, left);
        putI32(memory, offset + 4, right);
        return offset + SACK_BLOCK_BYTES;
    }
}
