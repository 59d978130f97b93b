package wireleap.tun.wire;

import static wireleap.tun.mem.Bytes.u8;

import java.lang.foreign.MemorySegment;

/** Options of IP headers: whether they are well formed, and let a host that is the packet's end take it. */
final class IpOptions {
    private IpOptions() {}

    /** RFC 791 section 3.1; unknown options are skipped, as RFC 1122 section 3.2.1.8 asks. */
    static boolean ipv4Fit(MemorySegment memory, long start, long end) {
        long position = start;
        while (position < end) {
            int type = u8(memory, position);
            if (type == 0) {
                return true;
            }
            if (type == 1) {
                position++;
                continue;
            }
            if (end - position < 2) {
                return false;
            }
            int length = u8(memory, position + 1);
            if (length < 2 || length > end - position) {
                return false;
            }
            // loose (131) and strict (137) source routes: the pointer is past the end when the last hop is reached
            if ((type == 131 || type == 137) && (length < 3 || u8(memory, position + 2) <= length)) {
                return false;
            }
            position += length;
        }
        return true;
    }

    /** RFC 8200 section 4.2: the two high bits of an option that is not known say whether to skip it (0). */
    static boolean ipv6Allow(MemorySegment memory, long start, long end) {
        long position = start;
        while (position < end) {
            int type = u8(memory, position);
            if (type == 0) {
                position++;
                continue;
            }
            if (type >>> 6 != 0 || end - position < 2) {
                return false;
            }
            position += 2 + u8(memory, position + 1);
        }
        return position == end;
    }
}
