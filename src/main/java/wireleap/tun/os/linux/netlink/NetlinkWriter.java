package wireleap.tun.os.linux.netlink;

import static wireleap.tun.os.linux.gen.Linux.NLM_F_ACK;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import wireleap.tun.os.linux.gen.nlattr;
import wireleap.tun.os.linux.gen.nlmsghdr;

/**
 * Writes netlink messages one behind the other into memory that it is given. A message is a header, the fixed struct
 * of its kind, and attributes; every part begins at a multiple of four bytes, linux/netlink.h.
 *
 * <pre>
 * struct nlmsghdr { __u32 nlmsg_len; __u16 nlmsg_type; __u16 nlmsg_flags; __u32 nlmsg_seq; __u32 nlmsg_pid; };
 * struct nlattr   { __u16 nla_len; __u16 nla_type; };
 * </pre>
 */
public final class NetlinkWriter {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    private final MemorySegment memory;
    private long message;        // where the message being written, or the last one, begins
    private long end;            // everything before is written; a multiple of four
    private int sequence;

    /** @param memory for all messages; a message that does not fit is an IndexOutOfBoundsException */
    public NetlinkWriter(MemorySegment memory) {
        this.memory = memory;
    }

    /**
     * Forgets all messages.
     *
     * @param firstSequence number of the next one; each later one's is one more
     */
    public NetlinkWriter clear(int firstSequence) {
        message = 0;
        end = 0;
        sequence = firstSequence;
        return this;
    }

    /** Bytes written since {@link #clear}. */
    public long size() {
        return end;
    }

    /** Bytes that may still be written. */
    public long room() {
        return memory.byteSize() - end;
    }

    /**
     * Begins a message.
     *
     * @param type RTM_*
     * @param flags NLM_F_*
     * @param layout of the struct behind the header
     * @return the struct, zeroed, to be filled before the next message begins
     */
    public MemorySegment begin(int type, int flags, MemoryLayout layout) {
        message = end;
        MemorySegment header = grow(nlmsghdr.sizeof());
        nlmsghdr.nlmsg_type(header, (short) type);
        nlmsghdr.nlmsg_flags(header, (short) flags);
        nlmsghdr.nlmsg_seq(header, sequence++);
        return grow(layout.byteSize());
    }

    /** Asks the kernel to acknowledge the message written last even if all went well. */
    void acknowledgeLast() {
        MemorySegment header = memory.asSlice(message, nlmsghdr.sizeof());
        nlmsghdr.nlmsg_flags(header, (short) (nlmsghdr.nlmsg_flags(header) | NLM_F_ACK()));
    }

    /** Adds an attribute of one byte. */
    public NetlinkWriter putByte(int type, int value) {
        attribute(type, 1).set(ValueLayout.JAVA_BYTE, 0, (byte) value);
        return this;
    }

    /** Adds an attribute of four bytes in the machine's order. */
    public NetlinkWriter putInt(int type, int value) {
        attribute(type, 4).set(INT, 0, value);
        return this;
    }

    /** Adds an attribute of two 16-bit numbers in the machine's order. */
    public NetlinkWriter putShorts(int type, int first, int second) {
        MemorySegment value = attribute(type, 4);
        value.set(SHORT, 0, (short) first);
        value.set(SHORT, 2, (short) second);
        return this;
    }

    /** Adds an attribute of two 32-bit numbers in the machine's order. */
    public NetlinkWriter putInts(int type, int first, int second) {
        MemorySegment value = attribute(type, 8);
        value.set(INT, 0, first);
        value.set(INT, 4, second);
        return this;
    }

    /** Adds an attribute of text with a final zero byte. */
    public NetlinkWriter putString(int type, String value) {
        return putBytes(type, (value + "\0").getBytes(StandardCharsets.UTF_8));
    }

    /** Adds an attribute of 4 or 16 bytes. */
    public NetlinkWriter putAddress(int type, InetAddress address) {
        return putBytes(type, address.getAddress());
    }

    /** Adds an attribute of these bytes. */
    public NetlinkWriter putBytes(int type, byte[] value) {
        MemorySegment.copy(value, 0, attribute(type, value.length), ValueLayout.JAVA_BYTE, 0, value.length);
        return this;
    }

    /** Opens an attribute that holds others; whoever opens it {@link #close closes} it with what this returns. */
    public long open(int type) {
        long start = end;
        attribute(type, 0);
        return start;
    }

    /** Puts a struct, zeroed, into the attribute that is open. */
    public MemorySegment struct(MemoryLayout layout) {
        return grow(layout.byteSize());
    }

    /** Closes an attribute: everything written since it was opened is in it. */
    public NetlinkWriter close(long opened) {
        nlattr.nla_len(memory.asSlice(opened, nlattr.sizeof()), (short) (end - opened));
        return this;
    }

    private MemorySegment attribute(int type, int bytes) {
        MemorySegment header = grow(nlattr.sizeof());
        nlattr.nla_len(header, (short) (nlattr.sizeof() + bytes));
        nlattr.nla_type(header, (short) type);
        return grow(bytes);
    }

    /** Takes zeroed bytes, pads to the next multiple of four, and keeps the message's length. */
    private MemorySegment grow(long bytes) {
        long padded = bytes + 3 & ~3;
        MemorySegment taken = memory.asSlice(end, padded).fill((byte) 0).asSlice(0, bytes);
        end += padded;
        nlmsghdr.nlmsg_len(memory.asSlice(message, nlmsghdr.sizeof()), (int) (end - message));
        return taken;
    }
}
