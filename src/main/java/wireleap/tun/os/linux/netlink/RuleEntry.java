package wireleap.tun.os.linux.netlink;

import static wireleap.tun.os.linux.gen.Linux.*;

import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Stream;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.linux.gen.fib_rule_hdr;

/**
 * A policy rule.
 *
 * <pre>
 * struct fib_rule_hdr { __u8 family, dst_len, src_len, tos, table, res1, res2, action; __u32 flags; };
 * struct fib_rule_uid_range { __u32 start, end; };   struct fib_rule_port_range { __u16 start, end; };
 * </pre>
 *
 * @param ipv4 whether its family is IPv4, else IPv6
 * @param preference its place
 * @param protocol who made it, 0..255
 * @param inverted it is for what does not match
 * @param mark compared under the mask
 * @param markMask 0: the mark does not matter
 * @param inputDevice iif, or ""
 * @param source network of the source address; present exactly if sourceLength is not 0
 * @param sourceLength its length
 * @param user owner of the socket; only ranges of one user are represented
 * @param destinationPort dport; only ranges of one port are represented
 * @param action what happens to the packet
 * @param table to look up; 0 with other actions
 * @param target of a goto; 0 with other actions
 * @param suppressPrefixLength routes not longer do not count; -1: all do
 * @param whole whether nothing else is selected by; false for rules that others made with more than is said here
 */
public record RuleEntry(boolean ipv4, int preference, int protocol, boolean inverted, int mark, int markMask,
        String inputDevice, Optional<InetAddress> source, int sourceLength, OptionalLong user,
        OptionalInt destinationPort, Action action, int table, int target, int suppressPrefixLength, boolean whole) {
    /** What a rule does. */
    public enum Action {
        /** Looks the way up in a table. */
        LOOKUP(FR_ACT_TO_TBL()),
        /** Goes on at a later rule. */
        GOTO(FR_ACT_GOTO()),
        /** Nothing. */
        NOP(FR_ACT_NOP()),
        /** Something that is never written here: blackhole, unreachable, prohibit. */
        OTHER(FR_ACT_UNSPEC());

        private final int number;

        Action(int number) {
            this.number = number;
        }

        private static Action of(int number) {
            return Stream.of(values()).filter(action -> action.number == number).findFirst().orElse(OTHER);
        }
    }

    /** A rule that selects by nothing but what is said here. */
    public RuleEntry(boolean ipv4, int preference, int protocol, boolean inverted, int mark, int markMask,
            String inputDevice, Optional<InetAddress> source, int sourceLength, OptionalLong user,
            OptionalInt destinationPort, Action action, int table, int target, int suppressPrefixLength) {
        this(ipv4, preference, protocol, inverted, mark, markMask, inputDevice, source, sourceLength, user,
                destinationPort, action, table, target, suppressPrefixLength, true);
    }

    static RuleEntry read(NetlinkReader message) throws ErrnoException {
        MemorySegment struct = message.struct(fib_rule_hdr.layout());
        Attributes attributes = message.attributes(fib_rule_hdr.layout());
        Action action = Action.of(Byte.toUnsignedInt(fib_rule_hdr.action(struct)));
        int uid = attributes.number(FRA_UID_RANGE(), 0, -1);
        int port = attributes.shortNumber(FRA_DPORT_RANGE(), 0, 0);
        return new RuleEntry(fib_rule_hdr.family(struct) == AF_INET(), attributes.number(FRA_PRIORITY(), 0),
                attributes.number(FRA_PROTOCOL(), 0), (fib_rule_hdr.flags(struct) & FIB_RULE_INVERT()) != 0,
                attributes.number(FRA_FWMARK(), 0), attributes.number(FRA_FWMASK(), 0),
                attributes.text(FRA_IIFNAME()), attributes.address(FRA_SRC()),
                Byte.toUnsignedInt(fib_rule_hdr.src_len(struct)),
                uid == -1 ? OptionalLong.empty() : OptionalLong.of(Integer.toUnsignedLong(uid)),
                port == 0 ? OptionalInt.empty() : OptionalInt.of(port), action,
                action == Action.LOOKUP
                        ? attributes.number(FRA_TABLE(), Byte.toUnsignedInt(fib_rule_hdr.table(struct))) : 0,
                attributes.number(FRA_GOTO(), 0), attributes.number(FRA_SUPPRESS_PREFIXLEN(), -1),
                isWhole(struct, attributes));
    }

    private static boolean isWhole(MemorySegment struct, Attributes attributes) {
        boolean onePort = attributes.shortNumber(FRA_DPORT_RANGE(), 0, 0)
                == attributes.shortNumber(FRA_DPORT_RANGE(), 2, 0);
        boolean oneUser = attributes.number(FRA_UID_RANGE(), 0, 0) == attributes.number(FRA_UID_RANGE(), 4, 0);
        return onePort && oneUser && fib_rule_hdr.dst_len(struct) == 0 && fib_rule_hdr.tos(struct) == 0
                && Stream.of(FRA_OIFNAME(), FRA_IP_PROTO(), FRA_SPORT_RANGE(), FRA_TUN_ID()).noneMatch(attributes::has);
    }

    /** {@code ip rule list} */
    static NetlinkRequest dump(boolean ipv4) {
        return out -> fib_rule_hdr.family(out.begin(RTM_GETRULE(), NLM_F_REQUEST() | NLM_F_DUMP(),
                fib_rule_hdr.layout()), family(ipv4));
    }

    /**
     * {@code ip rule add [not] pref PREFERENCE [fwmark MARK/MASK] [iif DEVICE] [from SOURCE] [uidrange USER-USER]
     * [dport PORT] lookup TABLE [suppress_prefixlength LENGTH] | goto PREFERENCE | nop protocol PROTOCOL}
     */
    public NetlinkRequest add() {
        return out -> write(out, RTM_NEWRULE(), NLM_F_CREATE() | NLM_F_EXCL(), action.number);
    }

    /** {@code ip rule del ...}, as {@link #add} */
    public NetlinkRequest delete() {
        return out -> write(out, RTM_DELRULE(), 0, action == Action.LOOKUP ? FR_ACT_UNSPEC() : action.number);
    }

    /** {@code ip rule del ...}, as {@link #delete}, but whoever made it. */
    public NetlinkRequest deleteAny() {
        return new RuleEntry(ipv4, preference, RTPROT_UNSPEC(), inverted, mark, markMask, inputDevice, source,
                sourceLength, user, destinationPort, action, table, target, suppressPrefixLength, whole).delete();
    }

    private void write(NetlinkWriter out, int type, int requestFlags, int actionSent) {
        MemorySegment struct = out.begin(type, NLM_F_REQUEST() | requestFlags, fib_rule_hdr.layout());
        fib_rule_hdr.family(struct, family(ipv4));
        fib_rule_hdr.src_len(struct, (byte) sourceLength);
        fib_rule_hdr.table(struct, (byte) (table < 256 ? table : RT_TABLE_UNSPEC()));
        fib_rule_hdr.action(struct, (byte) actionSent);
        fib_rule_hdr.flags(struct, inverted ? FIB_RULE_INVERT() : 0);
        out.putInt(FRA_PRIORITY(), preference);
        if (markMask != 0) {
            out.putInt(FRA_FWMARK(), mark).putInt(FRA_FWMASK(), markMask);
        }
        if (!inputDevice.isEmpty()) {
            out.putString(FRA_IIFNAME(), inputDevice);
        }
        source.ifPresent(address -> out.putAddress(FRA_SRC(), address));
        user.ifPresent(id -> out.putInts(FRA_UID_RANGE(), (int) id, (int) id));
        destinationPort.ifPresent(port -> out.putShorts(FRA_DPORT_RANGE(), port, port));
        if (table >= 256) {
            out.putInt(FRA_TABLE(), table);
        }
        if (suppressPrefixLength >= 0) {
            out.putInt(FRA_SUPPRESS_PREFIXLEN(), suppressPrefixLength);
        }
        if (action == Action.GOTO) {
            out.putInt(FRA_GOTO(), target);
        }
        if (protocol != RTPROT_UNSPEC()) {
            out.putByte(FRA_PROTOCOL(), protocol);
        }
    }

    private static byte family(boolean ipv4) {
        return (byte) (ipv4 ? AF_INET() : AF_INET6());
    }
}
