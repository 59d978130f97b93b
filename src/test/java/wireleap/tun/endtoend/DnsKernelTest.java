package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import wireleap.tun.dns.Messages;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Dnsmasq;
import wireleap.tun.testing.Family;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;
import wireleap.tun.testing.Upstream;

/** Names by each upstream: over TCP where it carries no datagrams; {@code dig} and {@code getent} see no difference. */
@NeedsTun
@NeedsProgram({"ip", "danted", "microsocks", "dnsmasq", "dig", "unshare"})
@Timeout(40)
@ParameterizedClass
@EnumSource
class DnsKernelTest {
    private static final int NAMES = 1000;
    private static TestNet net;
    private static Daemon daemon;

    @Parameter
    Upstream upstream;

    @BeforeParameterizedClassInvocation
    static void open(Upstream upstream) throws Exception {
        net = TestNet.open();
        Dnsmasq.start(net, 1, TestNet.SERVER_4, TestNet.SERVER_6);
        daemon = Daemon.start(net, "--upstream", upstream.open(net));
    }

    @AfterParameterizedClassInvocation
    static void close() {
        net.close();
    }

    private static String dig(Family family, String... arguments) throws Exception {
        var command = new String[arguments.length + 4];
        command[0] = "dig";
        command[1] = "@" + family.server().getHostAddress();
        command[2] = "+time=5";
        command[3] = "+tries=1";
        System.arraycopy(arguments, 0, command, 4, arguments.length);
        return TestNet.output(net.inside(), command);
    }

    @ParameterizedTest
    @EnumSource
    void digIsAnswered(Family family) throws Exception {
        assertEquals("192.0.2.1\n", dig(family, Dnsmasq.NAME, "+short"));
    }

    @ParameterizedTest
    @EnumSource
    void digIsAnsweredOverTcp(Family family) throws Exception {
        assertEquals("192.0.2.1\n", dig(family, Dnsmasq.NAME, "+short", "+tcp"));
    }

    @ParameterizedTest
    @EnumSource
    void aLargeAnswerComesWholeByUdp(Family family) throws Exception {
        String said = dig(family, Dnsmasq.LARGE, "TXT", "+bufsize=8000");
        assertTrue(said.contains("ANSWER: " + Dnsmasq.LARGE_RECORDS) && said.contains("(UDP)"), said);
    }

    @ParameterizedTest
    @EnumSource
    void aClientThatTakesLittleByUdpComesByTcp(Family family) throws Exception {
        String said = dig(family, Dnsmasq.LARGE, "TXT", "+bufsize=600");
        assertTrue(said.contains("Truncated, retrying in TCP mode."), said);
        assertTrue(said.contains("ANSWER: " + Dnsmasq.LARGE_RECORDS) && said.contains("(TCP)"), said);
    }

    @Test
    void getentFindsTheHost() throws Exception {
        Path file = net.directory().resolve("resolv.conf");
        Files.write(file, List.of("nameserver 198.51.100.1"));
        String said = TestNet.output(net.inside(), "unshare", "--mount", "sh", "-c",
                "mount --bind \"$1\" \"$(readlink -f /etc/resolv.conf)\" && getent ahostsv4 " + Dnsmasq.NAME, "sh",
                file.toString());
        assertTrue(said.startsWith("192.0.2.1 "), said);
    }

    /**
     * As resolvers do, the client asks again after a second: the queue before the daemon and the socket of dnsmasq lose what
     * they have no room for. The daemon itself loses nothing.
     */
    @ParameterizedTest
    @EnumSource
    void aThousandNamesAtOnceAreAnswered(Family family) throws Exception {
        var any = family == Family.IPV4 ? "0.0.0.0" : "::";
        var answered = new BitSet();
        try (var channel = TestNet.datagrams(net.inside(), new InetSocketAddress(any, 0))) {
            var socket = channel.socket();
            socket.setSoTimeout(1000);
            var server = new InetSocketAddress(family.server(), 53);
            while (answered.cardinality() < NAMES) {
                for (int i = answered.nextClearBit(0); i < NAMES; i = answered.nextClearBit(i + 1)) {
                    byte[] query = Messages.query(i, "n" + i + "." + Dnsmasq.ANY);
                    socket.send(new DatagramPacket(query, query.length, server));
                }
                collect(socket, answered);
            }
        }
        assertEquals(0, daemon.stat("dns", "dropped") + daemon.stat("dns", "failures"), daemon::log);
        assertEquals(0, daemon.stat("datagrams", "upNoRoom") + daemon.stat("drops", "deviceFull"), daemon::log);
    }

    private static void collect(DatagramSocket socket, BitSet answered) throws IOException {
        var answer = new DatagramPacket(new byte[512], 512);
        try {
            while (answered.cardinality() < NAMES) {
                socket.receive(answer);
                assertEquals(0, Messages.u16(answer.getData(), 2) & 15);
                answered.set(Messages.u16(answer.getData(), 0));
            }
        } catch (SocketTimeoutException e) {
            // the others are asked for again
        }
    }

    @Test
    void overTcpOnlyWhereTheUpstreamHasNoDatagrams() throws Exception {
        dig(Family.IPV4, Dnsmasq.NAME);
        String stats = daemon.api().read("/stats").body();
        boolean overTcp = stats.matches("(?s).*\"dns\":\\{[^}]*\"queries\":[1-9].*");
        assertEquals(!upstream.datagrams(), overTcp, stats);
    }
}
