package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import wireleap.tun.os.Errno;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Family;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.ProbeSocket;
import wireleap.tun.testing.TestNet;

/**
 * What an application's own kernel makes of the ICMP errors that the daemon sends: about hop limits, as traceroute uses
 * them, protocols, ports, and ways that are narrower than the TUN.
 */
@NeedsTun
@NeedsProgram({"ip", "ping"})
@Timeout(20)
class ErrorKernelTest {
    private static final int WAY_MTU = 1400;
    /** For experiments (RFC 3692). */
    private static final int UNKNOWN_PROTOCOL = 253;
    private static TestNet net;

    @BeforeAll
    static void open() throws Exception {
        net = TestNet.open();
        TestNet.ip(net.inside(), List.of("link set veth0 mtu " + WAY_MTU));
        Daemon.start(net, "--upstream", "direct");
    }

    @AfterAll
    static void close() {
        net.close();
    }

    /** What the TUN's other side is called. */
    private static InetAddress peer(Family family) {
        return InetAddress.ofLiteral(family == Family.IPV4 ? "10.13.49.1" : "fd13:490:574c::1");
    }

    private static ProbeSocket probe(Family family, int type, int protocol) throws Exception {
        return ProbeSocket.open(net.inside(), family, type, protocol);
    }

    @ParameterizedTest
    @EnumSource
    void theFirstHopOfADatagramIsTheTunsPeer(Family family) throws Exception {
        try (var probe = probe(family, ProbeSocket.DATAGRAM, 0).hopLimit(1)) {
            probe.connect(new InetSocketAddress(family.server(), 33_434));
            probe.send(32);
            assertEquals(new ProbeSocket.Told(Errno.EHOSTUNREACH, peer(family), 0), probe.told());
        }
    }

    @ParameterizedTest
    @EnumSource
    void theFirstHopOfAConnectionIsTheTunsPeer(Family family) throws Exception {
        try (var server = net.listen(family.server());
                var probe = probe(family, ProbeSocket.STREAM, 0).hopLimit(1)) {
            assertEquals(Errno.EHOSTUNREACH,
                    Errno.of(-probe.connect((InetSocketAddress) server.getLocalAddress())));
            assertEquals(peer(family), probe.told().by());
        }
    }

    @ParameterizedTest
    @EnumSource
    void theFirstHopOfAPingIsTheTunsPeer(Family family) throws Exception {
        String output = TestNet.output(net.inside(), "ping", "-n", "-c", "1", "-t", "1", "-W", "3",
                family.server().getHostAddress());
        assertTrue(output.contains("From " + peer(family).getHostAddress().replace("0:0:0:0:1", ":1")), output);
    }

    @ParameterizedTest
    @EnumSource
    void theSecondHopOfADatagramIsTheTarget(Family family) throws Exception {
        try (var probe = probe(family, ProbeSocket.DATAGRAM, 0).hopLimit(2)) {
            probe.connect(new InetSocketAddress(family.server(), 33_435));
            probe.send(32);
            assertEquals(new ProbeSocket.Told(Errno.ECONNREFUSED, family.server(), 0), probe.told());
        }
    }

    @ParameterizedTest
    @EnumSource
    void anUnknownProtocolIsUnreachable(Family family) throws Exception {
        try (var probe = probe(family, ProbeSocket.RAW, UNKNOWN_PROTOCOL)) {
            probe.connect(new InetSocketAddress(family.server(), 0));
            probe.send(32);
            var told = probe.told();
            assertEquals(family == Family.IPV4 ? Errno.ENOPROTOOPT : Errno.EPROTO, told.errno());
            assertEquals(family.server(), told.by());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aClosedPortIsRefused(Family family) throws Exception {
        var any = family == Family.IPV4 ? "0.0.0.0" : "::";
        try (var near = TestNet.datagrams(net.inside(), new InetSocketAddress(any, 0))) {
            near.connect(new InetSocketAddress(family.server(), 9));
            near.write(ByteBuffer.allocate(8));
            assertThrows(PortUnreachableException.class, () -> near.read(ByteBuffer.allocate(8)));
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatMustNotBeCutIsToldWhatTheWayAllows(Family family) throws Exception {
        try (var probe = probe(family, ProbeSocket.DATAGRAM, 0).dontFragment()) {
            probe.connect(new InetSocketAddress(family.server(11), 7));
            assertEquals(1450, probe.send(1450));
            var told = probe.told();
            assertEquals(Errno.EMSGSIZE, told.errno());
            assertEquals(WAY_MTU, told.mtu());
        }
    }

    @Test
    void theKernelLearnsOfTheWay() throws Exception {
        try (var probe = probe(Family.IPV4, ProbeSocket.DATAGRAM, 0).dontFragment()) {
            probe.connect(new InetSocketAddress(TestNet.SERVER_4, 7));
            probe.send(1450);
            probe.told();
            assertEquals(Errno.EMSGSIZE, Errno.of(-probe.send(1450)));
        }
    }

    /** As Linux does by default: what it is told of a way, it cuts the next datagrams to; in IPv6 the daemon does. */
    @ParameterizedTest
    @EnumSource
    void whatIsTooLargeForTheWayArrivesInTheEnd(Family family) throws Exception {
        var any = family == Family.IPV4 ? "0.0.0.0" : "::";
        try (var near = TestNet.datagrams(net.inside(), new InetSocketAddress(any, 0));
                var far = TestNet.datagrams(net.outside(), new InetSocketAddress(family.server(12), 0))) {
            near.connect(far.getLocalAddress());
            far.configureBlocking(false);
            var received = ByteBuffer.allocate(2000);
            while (far.receive(received) == null) {
                try {
                    near.write(ByteBuffer.allocate(1450));
                } catch (IOException e) {
                    // Message too long: what was learned is told once.
                }
                Thread.sleep(10);
            }
            assertEquals(1450, received.position());
        }
    }

    @ParameterizedTest
    @EnumSource
    void fragmentsAreCutAnewForTheWay(Family family) throws Exception {
        var any = family == Family.IPV4 ? "0.0.0.0" : "::";
        try (var near = TestNet.datagrams(net.inside(), new InetSocketAddress(any, 0));
                var far = TestNet.datagrams(net.outside(), new InetSocketAddress(family.server(13), 0))) {
            near.send(ByteBuffer.allocate(9000), far.getLocalAddress());
            var received = ByteBuffer.allocate(65_535);
            far.receive(received);
            assertEquals(9000, received.position());
        }
    }

    @ParameterizedTest
    @EnumSource(names = "IPV4")
    void aDatagramWithoutAChecksumIsTaken(Family family) throws Exception {
        try (var probe = probe(family, ProbeSocket.DATAGRAM, 0).withoutChecksum();
                var far = TestNet.datagrams(net.outside(), new InetSocketAddress(family.server(14), 0))) {
            probe.connect((InetSocketAddress) far.getLocalAddress());
            probe.send(100);
            var received = ByteBuffer.allocate(2000);
            far.receive(received);
            assertEquals(100, received.position());
        }
    }
}
