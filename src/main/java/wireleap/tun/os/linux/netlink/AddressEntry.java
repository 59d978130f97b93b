package wireleap.tun.os.linux.netlink;

import static wireleap.tun.os.linux.gen.Linux.*;

import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.InetAddress;
import wireleap.tun.os.Errno;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.linux.gen.ifaddrmsg;

/**
 * An address of a device.
 *
 * <pre>
 * struct ifaddrmsg { __u8 ifa_family; __u8 ifa_prefixlen; __u8 ifa_flags; __u8 ifa_scope; __u32 ifa_index; };
 * </pre>
 *
 * @param device its number
 * @param address the device's own address
 * @param prefixLength of its network, 0..32 or 0..128
 * @param flags IFA_F_*
 */
public record AddressEntry(int device, InetAddress address, int prefixLength, int flags) {
    /** An address that is never tentative, that is in use at once: IFA_F_NODAD, which only IPv6 has. */
    public static AddressEntry withoutDetection(int device, InetAddress address, int prefixLength) {
        return new AddressEntry(device, address, prefixLength, address instanceof Inet4Address ? 0 : IFA_F_NODAD());
    }

    static AddressEntry read(NetlinkReader message) throws ErrnoException {
        MemorySegment struct = message.struct(ifaddrmsg.layout());
        Attributes attributes = message.attributes(ifaddrmsg.layout());
        int flags = attributes.number(IFA_FLAGS(), Byte.toUnsignedInt(ifaddrmsg.ifa_flags(struct)));
        InetAddress address = attributes.address(IFA_LOCAL()).or(() -> attributes.address(IFA_ADDRESS()))
                .orElseThrow(() -> new ErrnoException("netlink message of an address without one", Errno.EPROTO.number()));
        return new AddressEntry(ifaddrmsg.ifa_index(struct), address,
                Byte.toUnsignedInt(ifaddrmsg.ifa_prefixlen(struct)), flags);
    }

    /** {@code ip address show}, both families. */
    static NetlinkRequest dump() {
        return out -> out.begin(RTM_GETADDR(), NLM_F_REQUEST() | NLM_F_DUMP(), ifaddrmsg.layout());
    }

    /** {@code ip address add ADDRESS/LENGTH dev DEVICE}, and {@code nodad} if the flags say so. */
    public NetlinkRequest add() {
        return out -> write(out, RTM_NEWADDR(), NLM_F_CREATE() | NLM_F_EXCL());
    }

    /** {@code ip address del ADDRESS/LENGTH dev DEVICE} */
    public NetlinkRequest delete() {
        return out -> write(out, RTM_DELADDR(), 0);
    }

    private void write(NetlinkWriter out, int type, int requestFlags) {
        MemorySegment struct = out.begin(type, NLM_F_REQUEST() | requestFlags, ifaddrmsg.layout());
        ifaddrmsg.ifa_family(struct, (byte) (address instanceof Inet4Address ? AF_INET() : AF_INET6()));
        ifaddrmsg.ifa_prefixlen(struct, (byte) prefixLength);
        ifaddrmsg.ifa_flags(struct, (byte) flags);
        ifaddrmsg.ifa_index(struct, device);
        out.putAddress(IFA_LOCAL(), address).putAddress(IFA_ADDRESS(), address);
    }
}
