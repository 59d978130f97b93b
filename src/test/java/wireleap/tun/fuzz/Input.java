package wireleap.tun.fuzz;

import java.util.Arrays;

/** The fuzzer's bytes, read as numbers; zeros where none are left. */
public final class Input {
    private final byte[] bytes;
    private int at;

    /** @param from where to begin */
    public Input(byte[] bytes, int from) {
        this.bytes = bytes;
        this.at = from;
    }

    /** Whether nothing is left. */
    public boolean isEmpty() {
        return at >= bytes.length;
    }

    /** 0..255. */
    public int u8() {
        return at < bytes.length ? bytes[at++] & 0xff : 0;
    }

    /** 0..65535. */
    public int u16() {
        return u8() << 8 | u8();
    }

    /** Any number. */
    public int i32() {
        return u16() << 16 | u16();
    }

    /** So many bytes, or those that are left. */
    public byte[] bytes(int most) {
        int end = Math.min(bytes.length, at + most);
        byte[] taken = at < end ? Arrays.copyOfRange(bytes, at, end) : new byte[0];
        at = Math.max(at, end);
        return taken;
    }

    /** All bytes that are left. */
    public byte[] rest() {
        return bytes(bytes.length);
    }
}
