package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Family;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;
import wireleap.tun.testing.Upstream;

/**
 * Datagrams from nothing to the largest that there are: 65,507 bytes in IPv4, 65,527 in IPv6; through a proxy over IPv4
 * 65,507 with its header, which has 10 or 22 bytes. Each is the first of its socket, so that it waits for the session.
 */
@NeedsTun
@NeedsProgram("ip")
@Timeout(20)
class DatagramSizeKernelTest {
    private static TestNet net;
    private static Daemon daemon;

    static void open(Upstream upstream) throws Exception {
        net = TestNet.open();
        daemon = Daemon.start(net, "--upstream", upstream.open(net));
    }

    private static DatagramChannel near(Family family) throws Exception {
        return TestNet.datagrams(net.inside(), new InetSocketAddress(family == Family.IPV4 ? "0.0.0.0" : "::", 0));
    }

    private static DatagramChannel far(Family family) throws Exception {
        return TestNet.datagrams(net.outside(), new InetSocketAddress(family.server(), 0));
    }

    private static ByteBuffer noise(int bytes) {
        byte[] noise = new byte[bytes];
        new Random(bytes).nextBytes(noise);
        return ByteBuffer.wrap(noise);
    }

    private static void goesThereAndBack(Family family, int bytes) throws Exception {
        try (var near = near(family); var far = far(family)) {
            near.send(noise(bytes), far.getLocalAddress());
            var there = ByteBuffer.allocate(1 << 16);
            var from = far.receive(there);
            assertEquals(noise(bytes), there.flip(), daemon::log);
            far.send(there, from);
            var back = ByteBuffer.allocate(1 << 16);
            assertEquals(far.getLocalAddress(), near.receive(back));
            assertEquals(noise(bytes), back.flip());
        }
    }

    /** Straight. */
    @Nested
    class OfItsOwn {
        @BeforeAll
        static void start() throws Exception {
            open(Upstream.DIRECT);
        }

        @AfterAll
        static void stop() {
            net.close();
        }

        @ParameterizedTest
        @CsvSource({"IPV4, 0", "IPV4, 1", "IPV4, 1472", "IPV4, 1473", "IPV4, 2952", "IPV4, 32768", "IPV4, 65506",
            "IPV4, 65507", "IPV6, 0", "IPV6, 1", "IPV6, 1452", "IPV6, 1453", "IPV6, 2896", "IPV6, 32768",
            "IPV6, 65526", "IPV6, 65527"})
        void goesThereAndBackWhole(Family family, int bytes) throws Exception {
            goesThereAndBack(family, bytes);
        }
    }

    /** By a proxy. */
    @Nested
    class Proxied {
        @BeforeAll
        static void start() throws Exception {
            open(Upstream.OWN);
        }

        @AfterAll
        static void stop() {
            net.close();
        }

        @ParameterizedTest
        @CsvSource({"IPV4, 0", "IPV4, 1", "IPV4, 1462", "IPV4, 1463", "IPV4, 1472", "IPV4, 1473", "IPV4, 32768",
            "IPV4, 65497", "IPV6, 0", "IPV6, 1", "IPV6, 1450", "IPV6, 1451", "IPV6, 1452", "IPV6, 1453", "IPV6, 32768",
            "IPV6, 65485"})
        void goesThereAndBackWhole(Family family, int bytes) throws Exception {
            goesThereAndBack(family, bytes);
        }

        @Test
        void whatIsTooLargeWithItsHeaderIsLostAloneAndCounted() throws Exception {
            long before = daemon.stat("datagrams", "upTooLarge");
            try (var near = near(Family.IPV4); var far = far(Family.IPV4)) {
                var received = ByteBuffer.allocate(1 << 16);
                for (int bytes : new int[] {6, 65_498, 7}) {
                    near.send(noise(bytes), far.getLocalAddress());
                    if (bytes < 10) {
                        far.receive(received.clear());
                    }
                }
                assertEquals(7, received.position());
            }
            assertEquals(before + 1, daemon.stat("datagrams", "upTooLarge"));
        }
    }
}
