package wireleap.tun.os.linux.netlink;

import static wireleap.tun.os.linux.gen.Linux.*;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.linux.gen.ifinfomsg;

/**
 * A network device.
 *
 * <pre>
 * struct ifinfomsg { unsigned char ifi_family; unsigned char __ifi_pad; unsigned short ifi_type; int ifi_index;
 *                    unsigned ifi_flags; unsigned ifi_change; };
 * </pre>
 *
 * @param index its number
 * @param name its name
 * @param alias a text that somebody gave it, or ""
 * @param flags IFF_*
 * @param mtu bytes
 * @param transmitQueuePackets txqueuelen
 */
public record LinkEntry(int index, String name, String alias, int flags, int mtu, int transmitQueuePackets) {
    static LinkEntry read(NetlinkReader message) throws ErrnoException {
        MemorySegment struct = message.struct(ifinfomsg.layout());
        Attributes attributes = message.attributes(ifinfomsg.layout());
        return new LinkEntry(ifinfomsg.ifi_index(struct), attributes.text(IFLA_IFNAME()),
                attributes.text(IFLA_IFALIAS()), ifinfomsg.ifi_flags(struct), attributes.number(IFLA_MTU(), 0),
                attributes.number(IFLA_TXQLEN(), 0));
    }

    /** Whether a message is of a device itself, and not of its part in a bridge (AF_BRIDGE), which it may lose. */
    static boolean isOfDevice(NetlinkReader message) throws ErrnoException {
        return ifinfomsg.ifi_family(message.struct(ifinfomsg.layout())) == AF_UNSPEC();
    }

    /** Whether it is up. */
    public boolean isUp() {
        return (flags & IFF_UP()) != 0;
    }

    /** Whether it is up and has a carrier. */
    public boolean carries() {
        return isUp() && (flags & IFF_LOWER_UP()) != 0;
    }

    /** {@code ip link show} */
    static NetlinkRequest dump() {
        return out -> out.begin(RTM_GETLINK(), NLM_F_REQUEST() | NLM_F_DUMP(), ifinfomsg.layout());
    }

    /** {@code ip link set dev DEVICE mtu BYTES txqueuelen PACKETS} */
    public static NetlinkRequest sizes(int index, int mtu, int transmitQueuePackets) {
        return out -> {
            begin(out, RTM_NEWLINK(), 0, index);
            out.putInt(IFLA_MTU(), mtu).putInt(IFLA_TXQLEN(), transmitQueuePackets);
        };
    }

    /** {@code ip link set dev DEVICE addrgenmode none}: no link-local address comes by itself. */
    public static NetlinkRequest noLinkLocal(int index) {
        return out -> {
            begin(out, RTM_NEWLINK(), 0, index);
            long families = out.open(IFLA_AF_SPEC());
            long ipv6 = out.open(AF_INET6());
            out.putByte(IFLA_INET6_ADDR_GEN_MODE(), IN6_ADDR_GEN_MODE_NONE());
            out.close(ipv6).close(families);
        };
    }

    /** {@code ip link set dev DEVICE alias TEXT} */
    public static NetlinkRequest alias(int index, String text) {
        return out -> {
            begin(out, RTM_NEWLINK(), 0, index);
            out.putString(IFLA_IFALIAS(), text);
        };
    }

    /** {@code ip link set dev DEVICE up} */
    public static NetlinkRequest up(int index) {
        return out -> {
            MemorySegment struct = begin(out, RTM_NEWLINK(), 0, index);
            ifinfomsg.ifi_flags(struct, IFF_UP());
            ifinfomsg.ifi_change(struct, IFF_UP());
        };
    }

    /** {@code ip link del DEVICE} */
    public static NetlinkRequest delete(int index) {
        return out -> begin(out, RTM_DELLINK(), 0, index);
    }

    /**
     * {@code ip link add NAME type veth peer name PEER netns PEERNAMESPACE}
     *
     * @param peerNamespace an open file descriptor of the network namespace that gets the other end
     */
    public static NetlinkRequest veth(String name, String peer, int peerNamespace) {
        return out -> {
            begin(out, RTM_NEWLINK(), NLM_F_CREATE() | NLM_F_EXCL(), 0);
            out.putString(IFLA_IFNAME(), name);
            long info = out.open(IFLA_LINKINFO());
            out.putBytes(IFLA_INFO_KIND(), "veth".getBytes(StandardCharsets.US_ASCII));
            long data = out.open(IFLA_INFO_DATA());
            long other = out.open(VETH_INFO_PEER());
            out.struct(ifinfomsg.layout());
            out.putInt(IFLA_NET_NS_FD(), peerNamespace).putString(IFLA_IFNAME(), peer);
            out.close(other).close(data).close(info);
        };
    }

    private static MemorySegment begin(NetlinkWriter out, int type, int flags, int index) {
        MemorySegment struct = out.begin(type, NLM_F_REQUEST() | flags, ifinfomsg.layout());
        ifinfomsg.ifi_index(struct, index);
        return struct;
    }
}
