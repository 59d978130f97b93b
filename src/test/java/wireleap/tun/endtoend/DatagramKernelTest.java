package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Random;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Family;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;
import wireleap.tun.testing.Upstream;

/** UDP by each upstream that carries it. */
@NeedsTun
@NeedsProgram({"ip", "danted"})
@Timeout(20)
@ParameterizedClass
@EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "MICROSOCKS")
class DatagramKernelTest {
    private static final int TARGETS = 50;
    private static final int LARGE_BYTES = 60_000;
    private static TestNet net;
    private static Daemon daemon;

    @Parameter
    Upstream upstream;

    @BeforeParameterizedClassInvocation
    static void open(Upstream upstream) throws Exception {
        net = TestNet.open();
        daemon = Daemon.start(net, "--upstream", upstream.open(net));
    }

    @AfterParameterizedClassInvocation
    static void close() throws Exception {
        net.close();
    }

    private static DatagramChannel near(Family family) throws Exception {
        var any = family == Family.IPV4 ? "0.0.0.0" : "::";
        return TestNet.datagrams(net.inside(), new InetSocketAddress(any, 0));
    }

    private static DatagramChannel far(Family family, int number) throws Exception {
        return TestNet.datagrams(net.outside(), new InetSocketAddress(family.server(number), 0));
    }

    /** Receives one datagram and gives it back to where it came from, which is returned. */
    private static SocketAddress echo(DatagramChannel far) throws IOException {
        var buffer = ByteBuffer.allocate(65_535);
        var from = far.receive(buffer);
        far.send(buffer.flip(), from);
        return from;
    }

    @ParameterizedTest
    @EnumSource
    void itGoesThroughTheTun(Family family) throws Exception {
        long before = net.packetsIntoTun();
        assertEcho(family, 100);
        assertTrue(net.packetsIntoTun() > before, daemon::log);
    }

    @ParameterizedTest
    @EnumSource
    void oneSocketSpeaksToManyTargets(Family family) throws Exception {
        var expected = new HashMap<SocketAddress, Integer>();
        var seen = new HashMap<SocketAddress, Integer>();
        try (var near = near(family)) {
            for (int i = 1; i <= TARGETS; i++) {
                var far = far(family, i);
                net.outside().fork(() -> echo(far));
                near.send(ByteBuffer.allocate(4).putInt(0, i), far.getLocalAddress());
                expected.put(far.getLocalAddress(), i);
            }
            while (seen.size() < TARGETS) {
                var answer = ByteBuffer.allocate(4);
                var from = near.receive(answer);
                seen.put(from, answer.getInt(0));
            }
        }
        assertEquals(expected, seen);
    }

    @ParameterizedTest
    @EnumSource
    void oneSocketHasOneAddressOutside(Family family) throws Exception {
        var addresses = new HashSet<SocketAddress>();
        try (var near = near(family); var one = far(family, 1); var other = far(family, 2)) {
            for (var far : new DatagramChannel[] {one, other}) {
                near.send(ByteBuffer.allocate(1), far.getLocalAddress());
                addresses.add(echo(far));
            }
        }
        assertEquals(1, addresses.size(), addresses::toString);
    }

    @ParameterizedTest
    @EnumSource
    void anAnswerFromAnAddressNeverWrittenToArrives(Family family) throws Exception {
        try (var near = near(family); var far = far(family, 1); var stranger = far(family, 77)) {
            near.send(ByteBuffer.allocate(1), far.getLocalAddress());
            stranger.send(ByteBuffer.allocate(7), echo(far));
            near.receive(ByteBuffer.allocate(1));
            var answer = ByteBuffer.allocate(64);
            assertEquals(stranger.getLocalAddress(), near.receive(answer));
            assertEquals(7, answer.position());
        }
    }

    @ParameterizedTest
    @EnumSource
    void largeDatagramsArriveWhole(Family family) throws Exception {
        assertEcho(family, LARGE_BYTES);
    }

    @ParameterizedTest
    @EnumSource
    void theFirstDatagramOfASocketArrives(Family family) throws Exception {
        try (var near = near(family); var far = far(family, 4)) {
            near.send(ByteBuffer.allocate(1200), far.getLocalAddress());
            var received = ByteBuffer.allocate(2000);
            far.receive(received);
            assertEquals(1200, received.position());
        }
    }

    @ParameterizedTest
    @EnumSource
    void emptyDatagramsArrive(Family family) throws Exception {
        assertEcho(family, 0);
    }

    private static void assertEcho(Family family, int bytes) throws Exception {
        var payload = new byte[bytes];
        new Random(bytes).nextBytes(payload);
        var answer = ByteBuffer.allocate(65_535);
        try (var near = near(family); var far = far(family, 3)) {
            near.send(ByteBuffer.wrap(payload), far.getLocalAddress());
            echo(far);
            near.receive(answer);
        }
        assertEquals(ByteBuffer.wrap(payload), answer.flip());
    }
}
