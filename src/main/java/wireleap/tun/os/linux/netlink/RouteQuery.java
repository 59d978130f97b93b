package wireleap.tun.os.linux.netlink;

import static wireleap.tun.os.linux.gen.Linux.*;

import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Optional;
import java.util.OptionalLong;
import wireleap.tun.os.linux.gen.rtmsg;

/**
 * Which way the host would send something.
 *
 * @param destination where to
 * @param source of a socket that has one
 * @param user of the socket, 0..2^32-2; empty: the kernel takes the asking process's
 * @param mark of the socket, 0 for none
 */
public record RouteQuery(InetAddress destination, Optional<InetAddress> source, OptionalLong user, int mark) {
    /** The way of a socket without mark and source. */
    public static RouteQuery to(InetAddress destination) {
        return new RouteQuery(destination, Optional.empty(), OptionalLong.empty(), 0);
    }

    /**
     * {@code ip route get [fibmatch] DESTINATION [from SOURCE] [uid USER] [mark MARK]}
     *
     * @param matched whether the table's entry is asked for, and not the way that comes of it
     */
    NetlinkRequest request(boolean matched) {
        return out -> {
            boolean ipv4 = destination instanceof Inet4Address;
            MemorySegment struct = out.begin(RTM_GETROUTE(), NLM_F_REQUEST(), rtmsg.layout());
            rtmsg.rtm_family(struct, (byte) (ipv4 ? AF_INET() : AF_INET6()));
            rtmsg.rtm_dst_len(struct, (byte) (ipv4 ? 32 : 128));
            rtmsg.rtm_flags(struct, (ipv4 ? RTM_F_LOOKUP_TABLE() : 0) | (matched ? RTM_F_FIB_MATCH() : 0));
            out.putAddress(RTA_DST(), destination);
            source.ifPresent(address -> {
                rtmsg.rtm_src_len(struct, (byte) (ipv4 ? 32 : 128));
                out.putAddress(RTA_SRC(), address);
            });
            user.ifPresent(id -> out.putInt(RTA_UID(), (int) id));
            if (mark != 0) {
                out.putInt(RTA_MARK(), mark);
            }
        };
    }
}
