package wireleap.tun.os.linux.netlink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static wireleap.tun.os.linux.gen.Linux.RT_TABLE_MAIN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import wireleap.tun.os.linux.gen.ifaddrmsg;
import wireleap.tun.os.linux.netlink.RuleEntry.Action;

/**
 * Each message is what ip (iproute2 6.1.0, x86-64) sends for the same purpose, sequence number apart. Seen with
 * {@code strace -e trace=sendmsg,sendto -e write=3 COMMAND} in a namespace where wltun0, a TUN, has index 2; the file
 * descriptor of the other namespace was 4.
 */
class MessageBytesTest {
    private static final int PROTOCOL = 157;
    private static final int TUN = 2;

    static Stream<Arguments> messages() {
        RouteEntry throwing = RouteEntry.throwing(13492, PROTOCOL, address("10.0.0.0"), 8);
        RouteEntry throwingIpv6 = RouteEntry.throwing(13492, PROTOCOL, address("2001:db8::"), 32);
        RouteEntry toTun = RouteEntry.unicast(13492, PROTOCOL, address("0.0.0.0"), 0, TUN, Optional.empty());
        RouteEntry toTunIpv6 = RouteEntry.unicast(13492, PROTOCOL, address("::"), 0, TUN, Optional.empty());
        AddressEntry own = new AddressEntry(TUN, address("10.13.49.0"), 31, 0);
        AddressEntry ownIpv6 = AddressEntry.withoutDetection(TUN, address("fd13:490:574c::"), 127);
        AddressEntry ownIpv6ToDelete = new AddressEntry(TUN, address("fd13:490:574c::"), 127, 0);
        RuleEntry marked = to(13499, rule(13488, 0x574c, 0xffff, "", "", 0));
        RuleEntry nop = acting(Action.NOP, 0, 0, -1, rule(13499, 0, 0, "", "", 0));
        RuleEntry sourceless = in(13492, -1, rule(13492, 0, 0, "lo", "0.0.0.0", 32));
        RuleEntry main = in(RT_TABLE_MAIN(), 0, rule(13491, 0, 0, "", "", 0));
        RuleEntry notDns = new RuleEntry(true, 13491, PROTOCOL, true, 0, 0, "", Optional.empty(), 0,
                OptionalLong.empty(), OptionalInt.of(53), Action.LOOKUP, RT_TABLE_MAIN(), 0, 0);
        RuleEntry user = new RuleEntry(true, 13490, PROTOCOL, false, 0, 0, "lo", Optional.empty(), 0,
                OptionalLong.of(1000), OptionalInt.empty(), Action.GOTO, 0, 13499, -1);
        return Stream.of(
            sends(LinkEntry.sizes(TUN, 1500, 1000), "ip link set dev wltun0 mtu 1500 txqueuelen 1000",
                "300000001000050000000000000000000000000002000000000000000000000008000400dc05000008000d00e8030000"),
            sends(LinkEntry.noLinkLocal(TUN), "ip link set dev wltun0 addrgenmode none",
                "300000001000050000000000000000000000000002000000000000000000000010001a000c000a000500080001000000"),
            sends(LinkEntry.up(TUN), "ip link set dev wltun0 up",
                "2000000010000500000000000000000000000000020000000100000001000000"),
            sends(LinkEntry.delete(6), "ip link del vc (index 6)",
                "2000000011000500000000000000000000000000060000000000000000000000"),
            sends(LinkEntry.veth("va", "vb", 4), "ip link add va type veth peer name vb netns /proc/self/ns/net",
                "5c00000010000506000000000000000000000000000000000000000000000000070003007661000034001200080001007665"
                + "746828000200240001000000000000000000000000000000000008001c00040000000700030076620000"),
            sends(own.add(), "ip addr add 10.13.49.0/31 dev wltun0",
                "28000000140005060000000000000000021f000002000000080002000a0d3100080001000a0d3100"),
            sends(own.delete(), "ip addr del 10.13.49.0/31 dev wltun0",
                "28000000150005000000000000000000021f000002000000080002000a0d3100080001000a0d3100"),
            sends(ownIpv6.add(), "ip -6 addr add fd13:490:574c::/127 dev wltun0 nodad",
                "400000001400050600000000000000000a7f02000200000014000200fd130490574c0000000000000000000014000100fd13"
                + "0490574c00000000000000000000"),
            sends(ownIpv6ToDelete.delete(), "ip -6 addr del fd13:490:574c::/127 dev wltun0",
                "400000001500050000000000000000000a7f00000200000014000200fd130490574c0000000000000000000014000100fd13"
                + "0490574c00000000000000000000"),
            sends(throwing.add(), "ip route add throw 10.0.0.0/8 table 13492 proto 157",
                "2c00000018000506000000000000000002080000009d000900000000080001000a00000008000f00b4340000"),
            sends(throwing.delete(), "ip route del throw 10.0.0.0/8 table 13492 proto 157",
                "2c00000019000500000000000000000002080000009dff0900000000080001000a00000008000f00b4340000"),
            sends(throwingIpv6.add(), "ip -6 route add throw 2001:db8::/32 table 13492 proto 157",
                "380000001800050600000000000000000a200000009d0009000000001400010020010db800000000000000000000000008000f"
                + "00b4340000"),
            sends(throwingIpv6.delete(), "ip -6 route del throw 2001:db8::/32 table 13492 proto 157",
                "380000001900050000000000000000000a200000009d0009000000001400010020010db800000000000000000000000008000f"
                + "00b4340000"),
            sends(toTun.add(), "ip route add unicast default dev wltun0 table 13492 proto 157",
                "2c00000018000506000000000000000002000000009dfd010000000008000f00b43400000800040002000000"),
            sends(toTun.delete(), "ip route del unicast default dev wltun0 table 13492 proto 157",
                "2c00000019000500000000000000000002000000009dff010000000008000f00b43400000800040002000000"),
            sends(toTunIpv6.add(), "ip -6 route add unicast default dev wltun0 table 13492 proto 157",
                "400000001800050600000000000000000a000000009d00010000000014000100000000000000000000000000000000000800"
                + "0f00b43400000800040002000000"),
            sends(toTunIpv6.delete(), "ip -6 route del unicast default dev wltun0 table 13492 proto 157",
                "400000001900050000000000000000000a000000009d00010000000014000100000000000000000000000000000000000800"
                + "0f00b43400000800040002000000"),
            sends(RouteEntry.unicast(RT_TABLE_MAIN(), PROTOCOL, address("0.0.0.0"), 0, TUN,
                    Optional.of(address("10.13.49.1"))).add(),
                "ip route add unicast default via 10.13.49.1 dev wltun0 table main proto 157",
                "2c00000018000506000000000000000002000000fe9d000100000000080005000a0d31010800040002000000"),
            sends(RouteEntry.unicast(RT_TABLE_MAIN(), PROTOCOL, address("::"), 0, TUN,
                    Optional.of(address("fd13:490:574c::1"))).add(),
                "ip -6 route add unicast default via fd13:490:574c::1 dev wltun0 table main proto 157",
                "4c0000001800050600000000000000000a000000fe9d00010000000014000100000000000000000000000000000000001400"
                + "0500fd130490574c000000000000000000010800040002000000"),
            sends(marked.add(), "ip rule add pref 13488 fwmark 0x574c/0xffff goto 13499 protocol 157",
                "4400000020000506000000000000000002000000000000020000000008000600b034000008000a004c57000008001000ffff"
                + "000008000400bb340000050015009d000000"),
            sends(marked.delete(), "ip rule del pref 13488 fwmark 0x574c/0xffff goto 13499 protocol 157",
                "4400000021000500000000000000000002000000000000020000000008000600b034000008000a004c57000008001000ffff"
                + "000008000400bb340000050015009d000000"),
            sends(nop.add(), "ip rule add pref 13499 nop protocol 157",
                "2c00000020000506000000000000000002000000000000030000000008000600bb340000050015009d000000"),
            sends(nop.delete(), "ip rule del pref 13499 nop protocol 157",
                "2c00000021000500000000000000000002000000000000030000000008000600bb340000050015009d000000"),
            sends(in(13493, -1, rule(13489, 0, 0, "lo", "10.13.49.0", 32)).add(),
                "ip rule add pref 13489 iif lo from 10.13.49.0 lookup 13493 protocol 157",
                "4400000020000506000000000000000002002000000000010000000008000600b1340000070003006c6f0000080002000a0d"
                + "310008000f00b5340000050015009d000000"),
            sends(user.add(), "ip rule add pref 13490 iif lo uidrange 1000-1000 goto 13499 protocol 157",
                "4800000020000506000000000000000002000000000000020000000008000600b2340000070003006c6f00000c001400e803"
                + "0000e803000008000400bb340000050015009d000000"),
            sends(main.add(), "ip rule add pref 13491 lookup main suppress_prefixlength 0 protocol 157",
                "3400000020000506000000000000000002000000fe0000010000000008000600b334000008000e0000000000050015009d00"
                + "0000"),
            sends(notDns.add(), "ip rule add not pref 13491 dport 53 lookup main suppress_prefixlength 0 protocol 157",
                "3c00000020000506000000000000000002000000fe0000010200000008000600b3340000080018003500350008000e000000"
                + "0000050015009d000000"),
            sends(sourceless.add(), "ip rule add pref 13492 iif lo from 0.0.0.0/32 lookup 13492 protocol 157",
                "4400000020000506000000000000000002002000000000010000000008000600b4340000070003006c6f0000080002000000"
                + "000008000f00b4340000050015009d000000"),
            sends(sourceless.delete(), "ip rule del pref 13492 iif lo from 0.0.0.0/32 lookup 13492 protocol 157",
                "4400000021000500000000000000000002002000000000000000000008000600b4340000070003006c6f0000080002000000"
                + "000008000f00b4340000050015009d000000"),
            sends(to(13499, rule(13492, 0, 0, "lo", "::", 1)).add(),
                "ip -6 rule add pref 13492 iif lo from ::/1 goto 13499 protocol 157",
                "500000002000050600000000000000000a000100000000020000000008000600b4340000070003006c6f0000140002000000"
                + "000000000000000000000000000008000400bb340000050015009d000000"),
            sends(to(13499, rule(13493, 0, 0, "lo", "8000::", 1)).add(),
                "ip -6 rule add pref 13493 iif lo from 8000::/1 goto 13499 protocol 157",
                "500000002000050600000000000000000a000100000000020000000008000600b5340000070003006c6f0000140002008000"
                + "000000000000000000000000000008000400bb340000050015009d000000"),
            sends(new RuleEntry(false, 13494, PROTOCOL, false, 0, 0, "lo", Optional.empty(), 0, OptionalLong.empty(),
                    OptionalInt.empty(), Action.LOOKUP, 13492, 0, -1).add(),
                "ip -6 rule add pref 13494 iif lo lookup 13492 protocol 157",
                "3c0000002000050600000000000000000a000000000000010000000008000600b6340000070003006c6f000008000f00b434"
                + "0000050015009d000000"));
    }

    static Stream<Arguments> questions() {
        return Stream.of(
            sends(RouteQuery.to(address("1.2.3.4")).request(false), "ip route get 1.2.3.4",
                "240000001a00010000000000000000000220000000000000001000000800010001020304"),
            sends(new RouteQuery(address("1.2.3.4"), Optional.of(address("5.6.7.8")), OptionalLong.of(5), 0x574c)
                    .request(false), "ip route get 1.2.3.4 from 5.6.7.8 mark 0x574c uid 5",
                "3c0000001a000100000000000000000002202000000000000010000008000100010203040800020005060708080019000500"
                + "0000080010004c570000"),
            sends(new RouteQuery(address("2001:db9::1"), Optional.of(address("fd00::1")), OptionalLong.of(5), 0)
                    .request(false), "ip -6 route get 2001:db9::1 from fd00::1 uid 5",
                "4c0000001a00010000000000000000000a80800000000000000000001400010020010db90000000000000000000000011400"
                + "0200fd0000000000000000000000000000010800190005000000"),
            sends(RuleEntry.dump(true), "ip rule list", "1c000000220001030000000000000000020000000000000000000000"),
            sends(RuleEntry.dump(false), "ip -6 rule list",
                "1c0000002200010300000000000000000a0000000000000000000000"));
    }

    @ParameterizedTest(name = "{1}")
    @MethodSource("messages")
    void changeIsWhatIpSends(NetlinkRequest request, String command, String hex) {
        assertEquals(hex, bytes(request, true));
    }

    @ParameterizedTest(name = "{1}")
    @MethodSource("questions")
    void questionIsWhatIpSends(NetlinkRequest request, String command, String hex) {
        assertEquals(hex, bytes(request, false));
    }

    @Test
    void messagesStandOneBehindTheOtherWithRisingNumbers() {
        MemorySegment memory = MemorySegment.ofArray(new int[50]);
        NetlinkWriter out = new NetlinkWriter(memory).clear(41);
        LinkEntry.up(1).writeTo(out);
        LinkEntry.delete(2).writeTo(out);
        assertEquals("2000000010000100" + "29000000", hex(memory.asSlice(0, 12)));
        assertEquals("2000000011000100" + "2a000000", hex(memory.asSlice(32, 12)));
        assertEquals(64, out.size());
    }

    @Test
    void messageOfBeforeDoesNotShineThrough() {
        MemorySegment memory = MemorySegment.ofArray(new int[50]);
        NetlinkWriter out = new NetlinkWriter(memory).clear(0);
        out.begin(0, 0, ifaddrmsg.layout()).fill((byte) 0xff);
        out.putBytes(0xffff, "a message of other times".getBytes(StandardCharsets.US_ASCII)).clear(0);
        LinkEntry.noLinkLocal(TUN).writeTo(out);
        assertEquals(bytes(LinkEntry.noLinkLocal(TUN), false), hex(memory.asSlice(0, out.size())));
    }

    private static String bytes(NetlinkRequest request, boolean acknowledged) {
        MemorySegment memory = MemorySegment.ofArray(new int[NetlinkRequest.MAX_BYTES / 4]);
        NetlinkWriter out = new NetlinkWriter(memory).clear(0);
        request.writeTo(out);
        if (acknowledged) {
            out.acknowledgeLast();
        }
        return hex(memory.asSlice(0, out.size()));
    }

    private static String hex(MemorySegment memory) {
        return HexFormat.of().formatHex(memory.toArray(ValueLayout.JAVA_BYTE));
    }

    private static Arguments sends(NetlinkRequest request, String command, String hex) {
        return Arguments.of(request, command, hex);
    }

    /** A rule that does nothing yet. */
    private static RuleEntry rule(int preference, int mark, int mask, String device, String source, int length) {
        Optional<InetAddress> from = source.isEmpty() ? Optional.empty() : Optional.of(address(source));
        return new RuleEntry(!source.contains(":"), preference, PROTOCOL, false, mark, mask, device, from, length,
                OptionalLong.empty(), OptionalInt.empty(), Action.OTHER, 0, 0, -1);
    }

    private static RuleEntry to(int target, RuleEntry rule) {
        return acting(Action.GOTO, 0, target, -1, rule);
    }

    private static RuleEntry in(int table, int suppress, RuleEntry rule) {
        return acting(Action.LOOKUP, table, 0, suppress, rule);
    }

    private static RuleEntry acting(Action action, int table, int target, int suppress, RuleEntry rule) {
        return new RuleEntry(rule.ipv4(), rule.preference(), PROTOCOL, false, rule.mark(), rule.markMask(),
                rule.inputDevice(), rule.source(), rule.sourceLength(), rule.user(), rule.destinationPort(),
                action, table, target, suppress);
    }

    private static InetAddress address(String literal) {
        return InetAddress.ofLiteral(literal);
    }
}
