package wireleap.tun.os.linux.netlink;

import static wireleap.tun.os.linux.gen.Linux.*;

import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Optional;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.linux.gen.rtmsg;

/**
 * A route.
 *
 * <pre>
 * struct rtmsg { unsigned char rtm_family, rtm_dst_len, rtm_src_len, rtm_tos, rtm_table, rtm_protocol, rtm_scope,
 *                rtm_type; unsigned rtm_flags; };
 * </pre>
 *
 * @param table its number, 32 bits
 * @param type RTN_UNICAST, RTN_THROW...
 * @param protocol who made it, 0..255
 * @param destination the network's address
 * @param prefixLength the network's length, 0..32 or 0..128
 * @param device number of the way out; 0: none. A throw of IPv6 is shown with lo by the kernel
 * @param gateway the next hop, if there is one
 * @param source the address that the host would send from, where the kernel says so
 * @param metric routes to one destination: the one with the lowest is taken; 0: the kernel's choice
 */
public record RouteEntry(int table, int type, int protocol, InetAddress destination, int prefixLength, int device,
        Optional<InetAddress> gateway, Optional<InetAddress> source, int metric) {
    private static final InetAddress ANY_IPV4 = Attributes.address(new byte[4]);
    private static final InetAddress ANY_IPV6 = Attributes.address(new byte[16]);

    /** A route that ends the lookup in its table. */
    public static RouteEntry throwing(int table, int protocol, InetAddress destination, int prefixLength) {
        return new RouteEntry(table, RTN_THROW(), protocol, destination, prefixLength, 0, Optional.empty(),
                Optional.empty(), 0);
    }

    /** A route that says that there is no way. */
    public static RouteEntry unreachable(int table, int protocol, InetAddress destination, int prefixLength,
            int metric) {
        return new RouteEntry(table, RTN_UNREACHABLE(), protocol, destination, prefixLength, 0, Optional.empty(),
                Optional.empty(), metric);
    }

    /** A route into a device, through a gateway or without. */
    public static RouteEntry unicast(int table, int protocol, InetAddress destination, int prefixLength, int device,
            Optional<InetAddress> gateway) {
        return new RouteEntry(table, RTN_UNICAST(), protocol, destination, prefixLength, device, gateway,
                Optional.empty(), 0);
    }

    static RouteEntry read(NetlinkReader message) throws ErrnoException {
        MemorySegment struct = message.struct(rtmsg.layout());
        Attributes attributes = message.attributes(rtmsg.layout());
        InetAddress any = rtmsg.rtm_family(struct) == AF_INET() ? ANY_IPV4 : ANY_IPV6;
        return new RouteEntry(attributes.number(RTA_TABLE(), Byte.toUnsignedInt(rtmsg.rtm_table(struct))),
                Byte.toUnsignedInt(rtmsg.rtm_type(struct)), Byte.toUnsignedInt(rtmsg.rtm_protocol(struct)),
                attributes.address(RTA_DST()).orElse(any), Byte.toUnsignedInt(rtmsg.rtm_dst_len(struct)),
                attributes.number(RTA_OIF(), 0), attributes.address(RTA_GATEWAY()), attributes.address(RTA_PREFSRC()),
                attributes.number(RTA_PRIORITY(), 0));
    }

    /** Whether it ends the lookup in its table. */
    public boolean isThrow() {
        return type == RTN_THROW();
    }

    /** Whether it says that there is no way. */
    public boolean isUnreachable() {
        return type == RTN_UNREACHABLE();
    }

    /** Whether it leads somewhere. */
    public boolean isUnicast() {
        return type == RTN_UNICAST();
    }

    /** Whether this is IPv4. */
    public boolean isIpv4() {
        return destination instanceof Inet4Address;
    }

    /** {@code ip route show table all proto PROTOCOL}; 0 is every protocol. The kernel selects (4.20 and later). */
    static NetlinkRequest dump(boolean ipv4, int protocol) {
        return out -> {
            MemorySegment struct = out.begin(RTM_GETROUTE(), NLM_F_REQUEST() | NLM_F_DUMP(), rtmsg.layout());
            rtmsg.rtm_family(struct, (byte) (ipv4 ? AF_INET() : AF_INET6()));
            rtmsg.rtm_protocol(struct, (byte) protocol);
        };
    }

    /** {@code ip route show table TABLE}. The kernel selects (4.20 and later). */
    static NetlinkRequest dumpOfTable(boolean ipv4, int table) {
        return out -> {
            MemorySegment struct = out.begin(RTM_GETROUTE(), NLM_F_REQUEST() | NLM_F_DUMP(), rtmsg.layout());
            rtmsg.rtm_family(struct, (byte) (ipv4 ? AF_INET() : AF_INET6()));
            out.putInt(RTA_TABLE(), table);
        };
    }

    /** {@code ip route add TYPE DESTINATION/LENGTH [via GATEWAY] [dev DEVICE] table TABLE proto PROTOCOL} */
    public NetlinkRequest add() {
        int scope = isIpv4() && type == RTN_UNICAST() && gateway.isEmpty() ? RT_SCOPE_LINK() : RT_SCOPE_UNIVERSE();
        return out -> write(out, RTM_NEWROUTE(), NLM_F_CREATE() | NLM_F_EXCL(), scope);
    }

    /** {@code ip route del ...}, as {@link #add} */
    public NetlinkRequest delete() {
        return out -> write(out, RTM_DELROUTE(), 0, isIpv4() ? RT_SCOPE_NOWHERE() : RT_SCOPE_UNIVERSE());
    }

    /** {@code ip route del DESTINATION/LENGTH table TABLE proto PROTOCOL}: the first such, of whatever type and way. */
    public NetlinkRequest deleteAny() {
        return new RouteEntry(table, RTN_UNSPEC(), protocol, destination, prefixLength, 0, Optional.empty(),
                Optional.empty(), 0).delete();
    }

    private void write(NetlinkWriter out, int messageType, int flags, int scope) {
        MemorySegment struct = out.begin(messageType, NLM_F_REQUEST() | flags, rtmsg.layout());
        rtmsg.rtm_family(struct, (byte) (isIpv4() ? AF_INET() : AF_INET6()));
        rtmsg.rtm_dst_len(struct, (byte) prefixLength);
        rtmsg.rtm_table(struct, (byte) (table < 256 ? table : RT_TABLE_UNSPEC()));
        rtmsg.rtm_protocol(struct, (byte) protocol);
        rtmsg.rtm_scope(struct, (byte) scope);
        rtmsg.rtm_type(struct, (byte) type);
        if (prefixLength > 0 || !isIpv4()) {
            out.putAddress(RTA_DST(), destination);
        }
        gateway.ifPresent(hop -> out.putAddress(RTA_GATEWAY(), hop));
        if (table >= 256) {
            out.putInt(RTA_TABLE(), table);
        }
        if (device != 0) {
            out.putInt(RTA_OIF(), device);
        }
        if (metric != 0) {
            out.putInt(RTA_PRIORITY(), metric);
        }
    }
}
