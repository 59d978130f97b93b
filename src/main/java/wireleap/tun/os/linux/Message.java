package wireleap.tun.os.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import wireleap.tun.os.Errno;
import wireleap.tun.os.IoVec;
import wireleap.tun.os.linux.gen.Linux;
import wireleap.tun.os.linux.gen.cmsghdr;
import wireleap.tun.os.linux.gen.msghdr;
import wireleap.tun.os.linux.gen.sock_extended_err;

/**
 * The struct msghdr that sendmsg(2) and recvmsg(2) of a thread share, with an address, two parts and room for control
 * messages (cmsg(3)). Belongs to one thread.
 */
final class Message {
    /** A sock_extended_err with the address of who sent the ICMP takes 64 bytes at most. */
    private static final int CONTROL_BYTES = 256;

    private final MemorySegment header;
    private final MemorySegment control;
    private final IoVec parts;
    private final SockAddr address;

    Message(Arena arena, SockAddr address) {
        this.header = msghdr.allocate(arena);
        this.control = arena.allocate(CONTROL_BYTES, JAVA_LONG.byteAlignment());
        this.parts = new IoVec(arena, 2);
        this.address = address;
    }

    /** What is sent; to be filled before {@link #outgoing}. */
    IoVec parts() {
        return parts;
    }

    /** The parts, and where they go: to the address, or to where the socket is connected. */
    MemorySegment outgoing(boolean addressed) {
        fill(addressed ? address.memory() : MemorySegment.NULL, addressed ? address.bytes() : 0, parts.count(), 0);
        return header;
    }

    /** Room for an address and control messages; of the bytes themselves nothing is wanted. */
    MemorySegment incoming() {
        fill(address.memory(), (int) address.memory().byteSize(), 0, CONTROL_BYTES);
        return header;
    }

    private void fill(MemorySegment name, int nameBytes, int partCount, int controlBytes) {
        header.set(JAVA_LONG, msghdr.msg_name$offset(), name.address());
        msghdr.msg_namelen(header, nameBytes);
        header.set(JAVA_LONG, msghdr.msg_iov$offset(), parts.address());
        msghdr.msg_iovlen(header, partCount);
        header.set(JAVA_LONG, msghdr.msg_control$offset(), control.address());
        msghdr.msg_controllen(header, controlBytes);
        msghdr.msg_flags(header, 0);
    }

    /** The errno in the sock_extended_err that came from the error queue (ip(7), IP_RECVERR); EAGAIN if none came. */
    int extendedErrno() {
        long end = msghdr.msg_controllen(header);
        long at = 0;
        while (at + cmsghdr.sizeof() + sock_extended_err.sizeof() <= end) {
            int level = control.get(JAVA_INT, at + cmsghdr.cmsg_level$offset());
            int type = control.get(JAVA_INT, at + cmsghdr.cmsg_type$offset());
            if (level == Linux.SOL_IP() && type == Linux.IP_RECVERR()
                    || level == Linux.SOL_IPV6() && type == Linux.IPV6_RECVERR()) {
                return control.get(JAVA_INT, at + cmsghdr.sizeof() + sock_extended_err.ee_errno$offset());
            }
            at += control.get(JAVA_LONG, at + cmsghdr.cmsg_len$offset()) + 7 & -8; // CMSG_ALIGN
        }
        return Errno.EAGAIN.number();
    }
}
