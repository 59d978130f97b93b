package wireleap.tun.os.linux.netlink;

import static wireleap.tun.os.linux.gen.Linux.NLA_TYPE_MASK;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import wireleap.tun.os.linux.gen.nlattr;

/** The attributes of a message, looked up by type; the first of its type counts. Valid as long as the message is. */
public final class Attributes {
    private static final MemorySegment ABSENT = MemorySegment.NULL;

    private final MemorySegment memory;

    /** @param memory attributes, one behind the other, and nothing else */
    Attributes(MemorySegment memory) {
        this.memory = memory;
    }

    /** The attribute's bytes, or none. A length that leads outside ends the search. */
    private MemorySegment find(int type) {
        long at = 0;
        while (at + nlattr.sizeof() <= memory.byteSize()) {
            MemorySegment header = memory.asSlice(at, nlattr.sizeof());
            int length = Short.toUnsignedInt(nlattr.nla_len(header));
            if (length < nlattr.sizeof() || at + length > memory.byteSize()) {
                return ABSENT;
            }
            if ((nlattr.nla_type(header) & NLA_TYPE_MASK()) == type) {
                return memory.asSlice(at + nlattr.sizeof(), length - nlattr.sizeof());
            }
            at += length + 3 & ~3;
        }
        return ABSENT;
    }

    /** Whether there is such an attribute. */
    public boolean has(int type) {
        return find(type) != ABSENT;
    }

    /** A number of four bytes in the machine's order, of one byte if it has no more, or what stands for its absence. */
    public int number(int type, int absent) {
        MemorySegment value = find(type);
        return value.byteSize() >= 4 ? value.get(ValueLayout.JAVA_INT_UNALIGNED, 0)
                : value.byteSize() >= 1 ? Byte.toUnsignedInt(value.get(ValueLayout.JAVA_BYTE, 0)) : absent;
    }

    /** The four-byte number at a place within the attribute, or what stands for its absence. */
    public int number(int type, int offset, int absent) {
        MemorySegment value = find(type);
        return value.byteSize() >= offset + 4 ? value.get(ValueLayout.JAVA_INT_UNALIGNED, offset) : absent;
    }

    /** The 16-bit number at a place within the attribute, or what stands for its absence. */
    public int shortNumber(int type, int offset, int absent) {
        MemorySegment value = find(type);
        return value.byteSize() < offset + 2 ? absent
                : Short.toUnsignedInt(value.get(ValueLayout.JAVA_SHORT_UNALIGNED, offset));
    }

    /** Text up to a zero byte or the end; "" if there is none. */
    public String text(int type) {
        byte[] bytes = find(type).toArray(ValueLayout.JAVA_BYTE);
        int length = 0;
        while (length < bytes.length && bytes[length] != 0) {
            length++;
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }

    /** An address of 4 or 16 bytes, or none. Sixteen bytes are IPv6 whatever they say. */
    public Optional<InetAddress> address(int type) {
        byte[] bytes = find(type).toArray(ValueLayout.JAVA_BYTE);
        return bytes.length == 4 || bytes.length == 16 ? Optional.of(address(bytes)) : Optional.empty();
    }

    /** The attributes within an attribute; none if that is absent. */
    public Attributes within(int type) {
        return new Attributes(find(type));
    }

    static InetAddress address(byte[] bytes) {
        try {
            return bytes.length == 4 ? InetAddress.getByAddress(bytes) : Inet6Address.getByAddress(null, bytes, -1);
        } catch (UnknownHostException e) {
            throw new AssertionError(Arrays.toString(bytes), e);
        }
    }
}
