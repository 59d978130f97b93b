package wireleap.tun.os.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

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
    /** CMSG_SPACE(sizeof(uint16_t)), of which CMSG_LEN are said to be used. */
    private static final int SEGMENT_SPACE = 24;
    private static final int SEGMENT_BYTES = 18;
    private static final long NONE = -1;

    private final MemorySegment header;
    private final MemorySegment control;
    /** The control message UDP_SEGMENT; its number is filled in for each call. */
    private final MemorySegment segment;
    private final IoVec parts;
    private final SockAddr address;

    Message(Arena arena, SockAddr address) {
        this.header = msghdr.allocate(arena);
        this.control = arena.allocate(CONTROL_BYTES, JAVA_LONG.byteAlignment());
        this.segment = arena.allocate(SEGMENT_SPACE, JAVA_LONG.byteAlignment());
        segment.set(JAVA_LONG, cmsghdr.cmsg_len$offset(), SEGMENT_BYTES);
        segment.set(JAVA_INT, cmsghdr.cmsg_level$offset(), Linux.IPPROTO_UDP());
        segment.set(JAVA_INT, cmsghdr.cmsg_type$offset(), Linux.UDP_SEGMENT());
        this.parts = new IoVec(arena, 2);
        this.address = address;
    }

    /** What is sent, or where it is received; to be filled before {@link #outgoing} or {@link #incoming}. */
    IoVec parts() {
        return parts;
    }

    /** The parts, and where they go: to the address, or to where the socket is connected. */
    MemorySegment outgoing(boolean addressed) {
        return outgoing(addressed, control, 0);
    }

    /** As {@link #outgoing}, the parts being several datagrams of this size each. */
    MemorySegment outgoingTrain(boolean addressed, int segmentBytes) {
        segment.set(JAVA_SHORT, cmsghdr.sizeof(), (short) segmentBytes);
        return outgoing(addressed, segment, SEGMENT_SPACE);
    }

    private MemorySegment outgoing(boolean addressed, MemorySegment controls, int controlBytes) {
        fill(addressed ? address.memory() : MemorySegment.NULL, addressed ? address.bytes() : 0, controls,
                controlBytes);
        return header;
    }

    /** Room for the parts, an address and control messages. */
    MemorySegment incoming() {
        fill(address.memory(), (int) address.memory().byteSize(), control, CONTROL_BYTES);
        return header;
    }

    private void fill(MemorySegment name, int nameBytes, MemorySegment controls, int controlBytes) {
        header.set(JAVA_LONG, msghdr.msg_name$offset(), name.address());
        msghdr.msg_namelen(header, nameBytes);
        header.set(JAVA_LONG, msghdr.msg_iov$offset(), parts.address());
        msghdr.msg_iovlen(header, parts.count());
        header.set(JAVA_LONG, msghdr.msg_control$offset(), controls.address());
        msghdr.msg_controllen(header, controlBytes);
        msghdr.msg_flags(header, 0);
    }

    /** The size of each of the datagrams that came in one go (udp(7), UDP_GRO); 0: it is one. */
    int segmentBytes() {
        long at = find(Linux.IPPROTO_UDP(), Linux.UDP_GRO());
        return at == NONE ? 0 : control.get(JAVA_INT, at);
    }

    /** The errno in the sock_extended_err that came from the error queue (ip(7), IP_RECVERR); EAGAIN if none came. */
    int extendedErrno() {
        long at = extendedError();
        return at == NONE ? Errno.EAGAIN.number() : control.get(JAVA_INT, at + sock_extended_err.ee_errno$offset());
    }

    /** With EMSGSIZE: the MTU that the sock_extended_err tells, 0 if none. */
    int extendedMtu() {
        long at = extendedError();
        return at == NONE || control.get(JAVA_INT, at + sock_extended_err.ee_errno$offset()) != Linux.EMSGSIZE()
                ? 0 : control.get(JAVA_INT, at + sock_extended_err.ee_info$offset());
    }

    private long extendedError() {
        long at = find(Linux.SOL_IP(), Linux.IP_RECVERR());
        return at == NONE ? find(Linux.SOL_IPV6(), Linux.IPV6_RECVERR()) : at;
    }

    /** Where in the control messages that came the content of one of this kind begins, or NONE. */
    private long find(int level, int type) {
        long end = msghdr.msg_controllen(header);
        long at = 0;
        while (at + cmsghdr.sizeof() <= end) {
            if (control.get(JAVA_INT, at + cmsghdr.cmsg_level$offset()) == level
                    && control.get(JAVA_INT, at + cmsghdr.cmsg_type$offset()) == type) {
                return at + cmsghdr.sizeof();
            }
            at += control.get(JAVA_LONG, at + cmsghdr.cmsg_len$offset()) + 7 & -8; // CMSG_ALIGN
        }
        return NONE;
    }
}
