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
    private long end;            // everything before is written; a multiple of four; behind are zeros
    private int sequence;

    /** @param memory for all messages, zeroed; a message that does not fit is an IndexOutOfBoundsException */
    public NetlinkWriter(MemorySegment memory) {
        this.memory = memory;
    }

    /**
     * Forgets all messages.
     *
     * @param firstSequence number of the next one; each later one's is one more
     */
    public NetlinkWriter clear(int firstSequence) {
        memory.asSlice(0, end).fill((byte) 0);
        message = 0;
        end = 0;
        sequence = firstSequence;
        return this;
    }

    /** Bytes written since {@link #clear}. */
    public long size() {
        return end;
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
        grow(nlmsghdr.sizeof());
        memory.set(SHORT, message + nlmsghdr.nlmsg_type$offset(), (short) type);
        memory.set(SHORT, message + nlmsghdr.nlmsg_flags$offset(), (short) flags);
        memory.set(INT, message + nlmsghdr.nlmsg_seq$offset(), sequence++);
        return struct(layout);
    }

    /** Asks the kernel to acknowledge the message written last even if all went well. */
    void acknowledgeLast() {
        long flags = message + nlmsghdr.nlmsg_flags$offset();
        memory.set(SHORT, flags, (short) (memory.get(SHORT, flags) | NLM_F_ACK()));
    }

    /** Adds an attribute of one byte. */
    public NetlinkWriter putByte(int type, int value) {
        memory.set(ValueLayout.JAVA_BYTE, attribute(type, 1), (byte) value);
        return this;
    }

    /** Adds an attribute of four bytes in the machine's order. */
    public NetlinkWriter putInt(int type, int value) {
        memory.set(INT, attribute(type, 4), value);
        return this;
    }

    /** Adds an attribute of two 16-bit numbers in the machine's order. */
    public NetlinkWriter putShorts(int type, int first, int second) {
        long at = attribute(type, 4);
        memory.set(SHORT, at, (short) first);
        memory.set(SHORT, at + 2, (short) second);
        return this;
    }

    /** Adds an attribute of two 32-bit numbers in the machine's order. */
    public NetlinkWriter putInts(int type, int first, int second) {
        long at = attribute(type, 8);
        memory.set(INT, at, first);
        memory.set(INT, at + 4, second);
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
        MemorySegment.copy(value, 0, memory, ValueLayout.JAVA_BYTE, attribute(type, value.length), value.length);
        return this;
    }

    /** Opens an attribute that holds others; whoever opens it {@link #close closes} it with what this returns. */
    public long open(int type) {
        return attribute(type, 0) - nlattr.sizeof();
    }

    /** Puts a struct, zeroed, where the next attribute would begin. */
    public MemorySegment struct(MemoryLayout layout) {
        return memory.asSlice(grow(layout.byteSize()), layout.byteSize());
    }

    /** Closes an attribute: everything written since it was opened is in it. */
    public NetlinkWriter close(long opened) {
        memory.set(SHORT, opened + nlattr.nla_len$offset(), (short) (end - opened));
        return this;
    }

    /** Begins an attribute; where its value goes. */
    private long attribute(int type, int bytes) {
        long header = grow(nlattr.sizeof() + bytes);
        memory.set(SHORT, header + nlattr.nla_len$offset(), (short) (nlattr.sizeof() + bytes));
        memory.set(SHORT, header + nlattr.nla_type$offset(), (short) type);
        return header + nlattr.sizeof();
    }

    /** Takes bytes and pads to the next multiple of four, within the message and its length; where they begin. */
    private long grow(long bytes) {
        long start = end;
        end += bytes + 3 & ~3;
        memory.set(INT, message + nlmsghdr.nlmsg_len$offset(), (int) (end - message));
        return start;
    }
}
