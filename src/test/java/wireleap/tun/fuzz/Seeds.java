package wireleap.tun.fuzz;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the fuzzer begins with: packets and messages as scapy and iproute2 make them, good texts, and short lives of flows as
 * programs of {@link CoreTarget}. {@link #main} writes them to the corpus, beside what was once a finding.
 */
final class Seeds {
    /** The committed corpus. */
    static final Path CORPUS = Path.of("src", "test", "resources", "wireleap", "tun", "fuzz", "corpus");

    private static final String NO_VIRTIO = "00".repeat(12);
    private static final String IPV6_ENDS = "fd00000000000000000000000000000120010db8000000000000000000000005";
    private static final int TURN = 0x80;
    private static final int SYN = 2;
    private static final int FIN_ACK = 0x11;
    private static final int ACK = 0x10;
    private static final int RST = 4;
    private static final int DIRECT = 0;
    private static final int SOCKS = 1;

    private final Map<String, byte[]> seeds = new TreeMap<>();

    private Seeds() {
    }

    /** By the name of the file. */
    static Map<String, byte[]> all() {
        Seeds made = new Seeds();
        made.packets();
        made.messages();
        made.texts();
        made.flows();
        made.brokers();
        return made.seeds;
    }

    /** Writes the corpus anew; run from the project's folder. */
    public static void main(String[] arguments) throws IOException {
        Files.createDirectories(CORPUS);
        for (Map.Entry<String, byte[]> seed : all().entrySet()) {
            Files.write(CORPUS.resolve(seed.getKey()), seed.getValue());
        }
    }

    /** @param name the target's, then a dash, then what it is */
    private void add(String name, byte[] bytes) {
        byte[] seed = new byte[1 + bytes.length];
        seed[0] = (byte) Fuzzer.choice(name.substring(0, name.indexOf('-')));
        System.arraycopy(bytes, 0, seed, 1, bytes.length);
        seeds.put(name, seed);
    }

    private void hex(String name, String digits) {
        add(name, HexFormat.of().parseHex(digits));
    }

    private void text(String name, int first, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        byte[] all = new byte[1 + bytes.length];
        all[0] = (byte) first;
        System.arraycopy(bytes, 0, all, 1, bytes.length);
        add(name, all);
    }

    private void text(String name, String text) {
        add(name, text.getBytes(StandardCharsets.UTF_8));
    }

    private void program(String name, int... values) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int value : values) {
            bytes.write(value);
        }
        add(name, bytes.toByteArray());
    }

    /** Bytes by scapy 2.5.0. */
    private void packets() {
        String virtio = "01" + NO_VIRTIO;
        // IP(src="10.13.49.0",dst="1.2.3.4",id=7)/UDP(sport=1234,dport=53)/b"hello"
        hex("packet-udp4", virtio + "450000210007000040113bb30a0d31000102030404d20035000d77e868656c6c6f");
        // the same, of which the last byte is missing
        hex("packet-cut4", virtio + "450000210007000040113bb30a0d31000102030404d20035000d77e868656c6c");
        // IPv6(src="fd00::1",dst="2001:db8::5")/UDP(sport=1234,dport=53)/b"hello"
        hex("packet-udp6", virtio + "60000000000d1140" + IPV6_ENDS + "04d20035000d8c3b68656c6c6f");
        // IP(src="10.13.49.0",dst="1.2.3.4",id=0,flags="DF",ttl=64)
        // /TCP(sport=40000,dport=443,flags="S",seq=1,window=64240,options=[("MSS",1460)])
        hex("packet-syn4", virtio + "4500002c000040004006fbb90a0d310001020304"
                + "9c4001bb00000001000000006002faf0c0260000020405b4");
        // IP(src="10.0.0.1",dst="1.2.3.4",id=7)/ICMP(id=0x1234,seq=9)/b"abcdefg"
        hex("packet-echo4", virtio + "450000230007000040016ccd0a00000101020304" + "080054951234000961626364656667");
        // IP(src="10.0.0.1",dst="1.2.3.4")/ICMP(type=3,code=3)/(the UDP packet from above); its checksums are made right
        hex("packet-unreachable4", virtio + "4500003d00000000400100000a00000101020304" + "0303000000000000"
                + "450000210007000040113bb30a0d31000102030404d20035000d77e868656c6c6f");
        // IPv6(tc=0xb9)/IPv6ExtHdrHopByHop/IPv6ExtHdrDestOpt/IPv6ExtHdrFragment/IPv6ExtHdrDestOpt/UDP(sport=1,dport=2)/b"x"
        hex("packet-extensions6", virtio + "6b90000000310003" + IPV6_ENDS + "2b00010400000000" + "3c02000000000000"
                + "00000000000000000000000000000005" + "1100010400000000" + "0001000200095d1978");
        program("reassembly-in-order", 0x02, 0, 9, 0x02, 10, 9, 0x00, 20, 4);
        program("reassembly-backwards-ipv6", 0x08, 20, 4, 0x0a, 10, 9, 0x0a, 0, 9);
        program("reassembly-overlap-and-time", 0x02, 0, 9, 0x32, 5, 9, 7, 255, 0x4e, 0, 9, 7, 255, 7, 255);
    }

    /** Bytes by iproute2 6.15, as strace showed them; answers of the kernel have the same form. */
    private void messages() {
        // ip link set dev wltun0 mtu 1500 txqueuelen 1000
        hex("netlink-link", "300000001000050000000000000000000000000002000000000000000000000008000400dc05000008000d00"
                + "e8030000");
        // ip addr add 10.13.49.0/31 dev wltun0
        hex("netlink-address", "28000000140005060000000000000000021f000002000000080002000a0d3100080001000a0d3100");
        // ip route add throw 10.0.0.0/8 table 13492 proto 157; twice
        String route = "2c00000018000506000000000000000002080000009d000900000000080001000a00000008000f00b4340000";
        hex("netlink-routes", route + route);
    }

    private void texts() {
        text("http-post", 255, "POST /bypass HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\n\r\n[\"10.0.0.0/8\"]"
                + "GET /state HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        text("http-chunked", 3, "PATCH /bypass HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue"
                + "\r\n\r\n8;a=b\r\n{\"add\":[\r\n2\r\n]}\r\n0\r\nA: b\r\n\r\n");
        text("http-escapes", 7, "DELETE /bypass/10.0.0.0%2F8?a HTTP/1.1\r\nHost: x\r\n\r\n"
                + "OPTIONS * HTTP/1.0\r\n\r\nHEAD http://h/version HTTP/1.1\r\nHost:\r\n\r\n");
        text("entries-list", 0, "[\"1.2.3.4\", \"2001:db8::/32\", \"\\u0031.1.1.1\", \"::ffff:9.9.9.0/120\"]");
        text("entries-patch", 1, "{\"add\":[\"1.2.3.4\"],\"remove\":[\"10.0.0.0/8\"]}");
        text("prefix-ipv4", "192.0.2.0/24");
        text("prefix-ipv6", "2001:db8::c000:0/99");
        text("prefix-mapped", "::ffff:192.0.2.1");
        text("config-usual", "# a comment\nupstream = socks5://me:p\\u00e9@192.0.2.1\nbypass=10.0.0.0/8,\\\n  1.1.1.1\n");
        text("upstream-login", "socks5://me:p%40w@[2001:db8::7]:1081/");
        text("upstream-plain", "socks5://192.0.2.1");
        text("answer-length", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]");
        text("answer-chunked", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "2;x\r\n{}\r\n0\r\nA: b\r\n\r\n");
        text("answer-to-the-end", "HTTP/1.0 500 Oops\r\nETag: \"a\"\r\n\r\n{\"code\":500}");
        program("socks-login", 1, 2, 0, 0, 2, 0, 4, 2, 2, 0, 4, 3, 2, 0, 4, 4, 2, 0, 2, 0, 9, 2, 0, 6);
        program("socks-session", 0, 2, 1, 0, 2, 1, 4, 0, 2, 1, 4, 4, 0, 0, 2, 0, 4, 8, 0, 0, 2, 1, 5, 8, 0, 0, 4, 3, 8);
        program("socks-spares", 0, 2, 0, 0, 2, 0, 4, 0, 2, 0, 4, 4, 3,  // a stream, and another one
                2, 2, 0, 2, 2, 4, 0, 3, 2, 1, 4, 4,                     // a spare, used
                2, 2, 0, 2, 2, 4, 0, 3, 2, 2, 6, 125);                  // and one that has ended when it is used
        program("socks-refusals", 0, 2, 0, 0, 2, 0, 4, 0, 2, 0, 4, 0x2e, 2, 1, 0, 2, 1, 4, 0, 2, 1, 4, 0x3e, 125);
    }

    private void flows() {
        program("core-tcp-both-ways", DIRECT, 0,
                TURN, 0, SYN, 0, 0, 0, 0, 1,            // SYN
                TURN | 12, 0, 0,                        // the target is connected
                TURN, 0, ACK, 0, TURN, 0, ACK, 8,       // ACK, a segment of 1448 bytes
                TURN | 12, 0, 2, 2, 0,                  // the target says 4 KiB
                TURN, 0, ACK, 0,
                TURN | 12, 0, 6, TURN, 0, FIN_ACK, 0, TURN, 0, ACK, 0);
        program("core-tcp-loss", DIRECT, 4,
                TURN, 1, SYN, 0, 0, 0, 0, 1, TURN | 12, 0, 0, TURN, 1, ACK, 0,
                TURN, 1 | 2 << 3, ACK, 8, 5, 0xa8,      // a hole of 1448 bytes
                TURN, 1, ACK, 8,                        // filled
                TURN | 12, 0, 2, 16, 0,                 // 32 KiB
                TURN, 1 | 1 << 5, ACK, 0, 64, 0, 32, 0, 16, 0, // half is acknowledged, a range behind it
                TURN | 0x2a, 200,                       // 0.2 s
                TURN | 11, TURN | 11, TURN | 11, TURN, 1, RST, 0);
        program("core-tcp-zero-window", DIRECT, 0,
                TURN, 0, SYN, 0, 0, 0, 0, 1, TURN | 12, 0, 0, TURN, 0, ACK, 0x30,
                TURN | 12, 0, 2, 2, 0, TURN | 11, TURN | 11, TURN, 0, ACK, 0, TURN | 12, 0, 7, 0);
        program("core-tcp-slow-target", DIRECT, 6,
                TURN, 2, SYN, 0, 0, 0, 0, 1, TURN | 12, 0, 0, 12, 0, 10, TURN, 2, ACK, 0, TURN, 2, ACK, 14,
                TURN, 2, ACK, 14, TURN | 12, 0, 5, 16, 0, TURN, 2, FIN_ACK, 1, TURN | 12, 0, 5, 255, 0);
        program("core-tcp-many", DIRECT, 2,
                0, 0, SYN, 0, 0, 0, 0, 1, 0, 1, SYN, 0, 0, 0, 0, 1, TURN, 2, SYN, 0, 0, 0, 0, 1,
                TURN | 12, 0, 0, TURN | 12, 1, 1, 3, TURN, 3, SYN, 0, 0, 0, 0, 1, TURN | 15, 1);
        program("core-tcp-socks", SOCKS, 0,
                TURN, 0, SYN, 0, 0, 0, 0, 1, TURN | 12, 0, 0, TURN | 12, 0, 4, 0, TURN | 12, 0, 4, 4,
                TURN, 0, ACK, 0, TURN, 0, ACK, 6, TURN | 12, 0, 2, 0, 50, TURN | 12, 0, 6, TURN, 0, FIN_ACK, 0);
        program("core-tcp-early-accept", 16, 0,
                TURN, 0, SYN, 0, 0, 0, 0, 1, TURN, 0, ACK, 0, TURN, 0, ACK, 12, TURN | 12, 0, 0, TURN | 12, 0, 1, 4);
        program("core-udp", DIRECT, 0,
                TURN | 4, 0, 4, TURN | 4, 1, 9, TURN | 14, 0, 0, 4, 0, TURN | 14, 1, 0, 10, 5,
                TURN | 6, 0x30, 3, 0, 0, TURN | 14, 0, 4, 0, 0, TURN | 4, 16, 9, 3, 0);
        program("core-udp-socks", SOCKS, 0,
                TURN | 4, 0, 4, TURN | 12, 0, 0, TURN | 12, 0, 4, 0, TURN | 12, 0, 4, 4,
                TURN | 4, 0, 4, TURN | 14, 0, 2, 0, 4, 8, TURN | 12, 0, 6);
        program("core-dns-over-tcp", SOCKS, 0,
                TURN | 4, 0x28, 4, TURN | 12, 0, 0, TURN | 12, 0, 4, 0, TURN | 12, 0, 4, 0x3e,  // no UDP
                TURN | 4, 0x28, 4, TURN | 4, 0x48, 4, TURN | 12, 0, 0, TURN | 12, 0, 4, 0, TURN | 12, 0, 4, 4,
                TURN | 12, 0, 10, 2, TURN | 12, 0, 10, 1, TURN | 11, TURN | 12, 0, 6);
        program("core-dns-redirected", 64, 0,
                TURN | 4, 0x28, 4, TURN | 14, 0, 0, 4, 0x80, TURN, 0, SYN, 0, 0, 0, 0, 1);
        program("core-udp-trains", DIRECT, 0,
                4, 0, 4, 4, 0, 4, 4, 0, 3, TURN | 4, 0, 4, TURN | 14, 0, 0, 0x4a, 0x10, TURN | 14, 0, 5, 1, 5,
                TURN | 4, 0, 9, TURN | 0x14, 16, 10, 4, 0xb0);
        program("core-fragments", DIRECT, 0,
                TURN | 0x17, 8, 0x70, TURN | 0x17, 8, 0xf8, TURN | 0x17, 11, 0xf8, TURN | 0x17, 11, 0x70,
                TURN | 0x17, 8, 0x70, TURN | 0x7a, 255, TURN | 11);
        program("core-echo", DIRECT, 0, TURN | 5, 0, 4, TURN | 0x15, 1, 10, TURN | 0x25, 0, 4);
        program("core-damaged", DIRECT, 0, // a byte of the payload is another than when it was summed
                TURN | 0x24, 0, 4, 40, 1, TURN | 0x24, 1, 4, 49, 1, TURN | 0x25, 0, 4, 40, 1, TURN | 0x25, 1, 4, 49, 1,
                TURN | 0x20, 0, SYN, 6, 0, 0, 0, 1, 49, 1, TURN | 0x20, 0, SYN, 0, 0, 0, 0, 1, 10, 1);
        program("core-mutations", DIRECT, 0,
                TURN | 0x40, 0, SYN, 0, 0, 0, 0, 1, 0, 8, 1, TURN | 0x50, 0, SYN, 0, 0, 0, 0, 1, 1, 20, 0, 22, 0,
                TURN | 0x44, 0, 4, 0, 6, 0, TURN | 9, TURN | 0x49, 0, 33, 4, TURN | 8, 12, 0, 0, 0, 0);
    }

    /** Frames of RFC 9113, header blocks of RFC 7541. */
    private void brokers() {
        int open = 6;                      // a flow, then what it does in the upper three bits
        int[] standing = {0, open, 3, 0, 0, 0, 4, 0, 0x80, 0, 4}; // connected, SETTINGS of the server
        program("broker-answer", join(standing, open, 0, 100, 2, 0, 1, 0, 0, 0, 0x20, 0, 10, 0, 0, 1, 0, 3, 'b', 'y', 'e'));
        program("broker-trailer", join(standing, 2, 0, 0, 0, 0, 0, 1, 'x',
                0, 1, 5, 0, 12, 0, 9, 'w', 'l', '-', 's', 't', 'a', 't', 'u', 's', 0));
        program("broker-flow-control", join(standing, open, 0xff, 0xff, 0, 8, 0, 0x80, 4, 0, 0, 0x40, 0, 0, 8, 0, 0, 4, 0, 0,
                0x40, 0, 0, 4, 0, 0x80, 6, 0, 4, 0, 0, 0, 1, open, 0x10, 0, 3, 0, 5, 0xff, 0xff));
        program("broker-leaves", join(standing, open | 1 << 3, open | 2 << 3, 0, 7, 0, 0x80, 8, 0, 0, 0, 1, 0, 0, 0, 0,
                0, 3, 0, 1, 4, 0, 0, 0, 7, 5, 5, 3, 0, 7, 0));
        program("broker-datagrams", join(standing, 7, 7, 0, 100, 0xff, 0xff, 2, 1, 0, 0, 0, 1, 2, 'h', 'i',
                1, 0, 0, 1, 0x20, 0, 15, 5, 0xdc, 5, 0x78, 4 | 28 << 3, 7 | 30 << 3,
                7, 0, 9, 0, 9, 2, 3, 0, 0, 0, 3, 3, 'h', 'e', 'y'));
        program("broker-pings", join(standing, 0, 6, 0, 0x80, 8, 1, 2, 3, 4, 5, 6, 7, 8, 4 | 26 << 3, 5, 5, 5));
        program("broker-pauses", 1, open, 3, 0, 0, 0, 4, 0, 0x80, 0, 4, open | 1 << 3, 2, 0, 2, 1, open | 2 << 5,
                1, 0, 0, 0, 0x40, 0, 1, 0, 0, 1, 0x40, 0, 5, 5, open | 3 << 5, 5, 5, 5);
        hex("headers-answer", "00 06 88 0f0d 02 3137".replace(" ", "")
                + "00 0e 40 09 776c2d737461747573 01 30 be".replace(" ", "") + "071000" + "000188" + "070064" + "070000");
        hex("headers-huffman", "000b 4882 6402 5885 aec3771a4b".replace(" ", "") + "00033fe11f" + "00022088");
    }

    private static int[] join(int[] first, int... second) {
        int[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }
}
