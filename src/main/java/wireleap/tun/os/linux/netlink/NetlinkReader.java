package wireleap.tun.os.linux.netlink;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import wireleap.tun.os.Errno;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.linux.gen.nlmsghdr;

/** Walks over the messages of one datagram from the kernel. Owns no memory. */
public final class NetlinkReader {
    private MemorySegment datagram = MemorySegment.NULL;
    private MemorySegment message = MemorySegment.NULL;
    private long next;

    /** Starts before the first message. */
    NetlinkReader wrap(MemorySegment received) {
        datagram = received;
        next = 0;
        return this;
    }

    /** Goes to the next message; false if there is none, or none whole. */
    boolean advance() {
        if (next + nlmsghdr.sizeof() > datagram.byteSize()) {
            return false;
        }
        long length = Integer.toUnsignedLong(nlmsghdr.nlmsg_len(datagram.asSlice(next, nlmsghdr.sizeof())));
        if (length < nlmsghdr.sizeof() || length > datagram.byteSize() - next) {
            return false;
        }
        message = datagram.asSlice(next, length);
        next += length + 3 & ~3;
        return true;
    }

    /** Whether {@link #advance} has stopped before the datagram's end, at something that is no whole message. */
    boolean isTorn() {
        return next < datagram.byteSize();
    }

    /** RTM_* or NLMSG_*. */
    public int type() {
        return Short.toUnsignedInt(nlmsghdr.nlmsg_type(message));
    }

    /** NLM_F_*. */
    public int flags() {
        return Short.toUnsignedInt(nlmsghdr.nlmsg_flags(message));
    }

    /** The number of the request that this answers. */
    public int sequence() {
        return nlmsghdr.nlmsg_seq(message);
    }

    /** The port of the socket whose request led to this; 0: the kernel's own doing. netlink(7). */
    int port() {
        return nlmsghdr.nlmsg_pid(message);
    }

    /**
     * The struct behind the header.
     *
     * @throws ErrnoException EPROTO if the message is too short for it
     */
    MemorySegment struct(MemoryLayout layout) throws ErrnoException {
        if (message.byteSize() < nlmsghdr.sizeof() + layout.byteSize()) {
            throw new ErrnoException("netlink message of " + message.byteSize() + " bytes, type " + type(),
                    Errno.EPROTO.number());
        }
        return message.asSlice(nlmsghdr.sizeof(), layout.byteSize());
    }

    /** The attributes behind a struct of this layout. */
    public Attributes attributes(MemoryLayout layout) {
        return attributes(layout.byteSize());
    }

    /** The attributes from so many bytes behind the header on. */
    Attributes attributes(long offset) {
        long aligned = nlmsghdr.sizeof() + (offset + 3 & ~3);
        return new Attributes(message.asSlice(Math.min(aligned, message.byteSize())));
    }
}
