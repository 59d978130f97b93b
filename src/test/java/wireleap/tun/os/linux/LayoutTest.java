package wireleap.tun.os.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemoryLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wireleap.tun.os.linux.gen.Linux;
import wireleap.tun.os.linux.gen.ifreq;
import wireleap.tun.os.linux.gen.sockaddr_in;
import wireleap.tun.os.linux.gen.sockaddr_in6;
import wireleap.tun.os.linux.gen.sockaddr_un;

/** The layouts that everything relies on, with the numbers that C's sizeof and offsetof print on x86-64 and AArch64. */
class LayoutTest {
    @ParameterizedTest
    @CsvSource({
        "iovec, 16", "msghdr, 56", "mmsghdr, 64", "cmsghdr, 16", "timespec, 16", "linger, 8", "ucred, 12",
        "in_pktinfo, 12", "in6_pktinfo, 20", "sockaddr_in, 16", "sockaddr_in6, 28", "sockaddr_un, 110",
        "sockaddr_nl, 12", "sockaddr_storage, 128", "sock_extended_err, 16", "epoll_event_packed, 12",
        "epoll_event_aligned, 16", "ifreq, 40", "virtio_net_hdr_v1, 12", "nlmsghdr, 16", "nlmsgerr, 20",
        "rtattr, 4", "rtmsg, 12", "ifinfomsg, 16", "ifaddrmsg, 8", "fib_rule_hdr, 12", "fib_rule_uid_range, 8",
        "fib_rule_port_range, 4",
    })
    void sizeIsThatOfC(String struct, long bytes) throws Exception {
        assertEquals(bytes, ((MemoryLayout) struct(struct).getMethod("layout").invoke(null)).byteSize());
    }

    @ParameterizedTest
    @CsvSource({
        "iovec, iov_len, 8",
        "msghdr, msg_namelen, 8", "msghdr, msg_iov, 16", "msghdr, msg_iovlen, 24", "msghdr, msg_control, 32",
        "msghdr, msg_controllen, 40", "msghdr, msg_flags, 48",
        "cmsghdr, cmsg_level, 8", "cmsghdr, cmsg_type, 12",
        "sockaddr_in, sin_port, 2", "sockaddr_in, sin_addr, 4",
        "sockaddr_in6, sin6_port, 2", "sockaddr_in6, sin6_addr, 8", "sockaddr_in6, sin6_scope_id, 24",
        "sockaddr_un, sun_path, 2", "sockaddr_nl, nl_pid, 4", "sockaddr_nl, nl_groups, 8",
        "epoll_event_packed, data, 4", "epoll_event_aligned, data, 8",
        "virtio_net_hdr_v1, hdr_len, 2", "virtio_net_hdr_v1, gso_size, 4", "virtio_net_hdr_v1, csum_start, 6",
        "virtio_net_hdr_v1, csum_offset, 8", "virtio_net_hdr_v1, num_buffers, 10",
        "sock_extended_err, ee_origin, 4", "sock_extended_err, ee_info, 8",
        "nlmsghdr, nlmsg_type, 4", "nlmsghdr, nlmsg_flags, 6", "nlmsghdr, nlmsg_seq, 8", "nlmsghdr, nlmsg_pid, 12",
        "nlmsgerr, msg, 4", "rtattr, rta_type, 2",
        "rtmsg, rtm_table, 4", "rtmsg, rtm_type, 7", "rtmsg, rtm_flags, 8",
        "fib_rule_hdr, table, 4", "fib_rule_hdr, action, 7", "fib_rule_hdr, flags, 8",
        "ifinfomsg, ifi_index, 4", "ifinfomsg, ifi_change, 12", "ifaddrmsg, ifa_index, 4",
    })
    void offsetIsThatOfC(String struct, String field, long offset) throws Exception {
        assertEquals(offset, struct(struct).getMethod(field + "$offset").invoke(null));
    }

    /** _IOW('T', number, int): direction 1, size 4, type 0x54 (asm-generic/ioctl.h). */
    @Test
    void functionLikeMacrosBecameConstants() {
        assertEquals(0x400454caL, Linux.TUNSETIFF());
        assertEquals(0x400454d0L, Linux.TUNSETOFFLOAD());
        assertEquals(0x400454d8L, Linux.TUNSETVNETHDRSZ());
    }

    /** Literal in the code, because these classes cost a start too much. */
    @Test
    void literalOffsetsAreThoseOfTheBindings() {
        assertEquals(sockaddr_in.sizeof(), SockAddr.IPV4_SOCKADDR_BYTES);
        assertEquals(sockaddr_in.sin_family$offset(), SockAddr.FAMILY_OFFSET);
        assertEquals(sockaddr_in.sin_port$offset(), SockAddr.PORT_OFFSET);
        assertEquals(sockaddr_in.sin_addr$offset(), SockAddr.IPV4_OFFSET);
        assertEquals(sockaddr_in6.sizeof(), SockAddr.IPV6_SOCKADDR_BYTES);
        assertEquals(sockaddr_in6.sin6_family$offset(), SockAddr.FAMILY_OFFSET);
        assertEquals(sockaddr_in6.sin6_port$offset(), SockAddr.PORT_OFFSET);
        assertEquals(sockaddr_in6.sin6_addr$offset(), SockAddr.IPV6_OFFSET);
        assertEquals(sockaddr_un.sizeof(), UnixAddress.BYTES);
        assertEquals(sockaddr_un.sun_path$offset(), UnixAddress.PATH_OFFSET);
        assertEquals(ifreq.sizeof(), LinuxTun.IFREQ_BYTES);
        assertEquals(ifreq.ifr_ifrn$offset(), LinuxTun.IFREQ_NAME_OFFSET);
        assertEquals(ifreq.ifr_ifru$offset(), LinuxTun.IFREQ_FLAGS_OFFSET);
    }

    private static Class<?> struct(String name) throws ClassNotFoundException {
        return Class.forName(Linux.class.getPackageName() + "." + name);
    }
}
