package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Family;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.ProbeSocket;
import wireleap.tun.testing.TestNet;
import wireleap.tun.testing.Upstream;

/** Many datagrams that one call has sent arrive each for itself, with its own bytes, in order, both ways. */
@NeedsTun
@NeedsProgram("ip")
@Timeout(20)
@ParameterizedClass
@EnumSource(names = {"DIRECT", "OWN"})
class SuperDatagramKernelTest {
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
    static void close() {
        net.close();
    }

    private static DatagramChannel near(Family family) throws Exception {
        return TestNet.datagrams(net.inside(), new InetSocketAddress(family == Family.IPV4 ? "0.0.0.0" : "::", 0));
    }

    private static DatagramChannel far(Family family) throws Exception {
        return TestNet.datagrams(net.outside(), new InetSocketAddress(family.server(), 0));
    }

    private static byte[] noise(int bytes) {
        byte[] noise = new byte[bytes];
        new Random(bytes).nextBytes(noise);
        return noise;
    }

    private static List<ByteBuffer> cut(byte[] bytes, int segmentBytes) {
        List<ByteBuffer> datagrams = new ArrayList<>();
        for (int at = 0; at < bytes.length; at += segmentBytes) {
            datagrams.add(ByteBuffer.wrap(Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + segmentBytes))));
        }
        return datagrams;
    }

    private static List<ByteBuffer> received(DatagramChannel at, int count) throws Exception {
        List<ByteBuffer> datagrams = new ArrayList<>();
        while (datagrams.size() < count) {
            var buffer = ByteBuffer.allocate(1 << 16);
            at.receive(buffer);
            datagrams.add(buffer.flip());
        }
        return datagrams;
    }

    /** Where a session's datagrams come from, outside. */
    private static SocketAddress outside(DatagramChannel near, Family family) throws Exception {
        try (var far = far(family)) {
            near.send(ByteBuffer.allocate(1), far.getLocalAddress());
            return far.receive(ByteBuffer.allocate(9));
        }
    }

    @ParameterizedTest
    @CsvSource({"IPV4, 65000, 1400", "IPV4, 1000, 16", "IPV4, 40001, 1000", "IPV4, 1401, 1400",
        "IPV6, 65000, 1400", "IPV6, 1000, 16", "IPV6, 40001, 1000", "IPV6, 1401, 1400"})
    void upwards(Family family, int bytes, int segmentBytes) throws Exception {
        byte[] noise = noise(bytes);
        try (var probe = ProbeSocket.open(net.inside(), family, ProbeSocket.DATAGRAM, 0).segments(segmentBytes);
                var far = far(family)) {
            probe.connect((InetSocketAddress) far.getLocalAddress());
            probe.send(1); // while the session is being opened, it would keep no more than 64 KiB
            received(far, 1);
            assertEquals(bytes, probe.send(noise));
            var expected = cut(noise, segmentBytes);
            assertEquals(expected, received(far, expected.size()), daemon::log);
        }
    }

    @ParameterizedTest
    @CsvSource({"IPV4, 65000, 1400", "IPV4, 1000, 16", "IPV4, 40001, 1000", "IPV4, 1401, 1400",
        "IPV6, 65000, 1400", "IPV6, 1000, 16", "IPV6, 40001, 1000", "IPV6, 1401, 1400"})
    void downwards(Family family, int bytes, int segmentBytes) throws Exception {
        byte[] noise = noise(bytes);
        try (var near = near(family);
                var probe = ProbeSocket.open(net.outside(), family, ProbeSocket.DATAGRAM, 0).segments(segmentBytes)) {
            probe.connect((InetSocketAddress) outside(near, family));
            assertEquals(bytes, probe.send(noise));
            var expected = cut(noise, segmentBytes);
            assertEquals(expected, received(near, expected.size()), daemon::log);
        }
    }

    /** What the daemon makes of many in a row is nothing that can be seen. */
    @ParameterizedTest
    @EnumSource
    void aBurstOfAnySizes(Family family) throws Exception {
        int[] sizes = {0, 1, 500, 1000, 1000, 1000, 1000, 1400, 3000};
        var random = new Random(1);
        List<ByteBuffer> expected = new ArrayList<>();
        try (var near = near(family); var far = far(family)) {
            for (int i = 0; i < 50; i++) {
                expected.add(ByteBuffer.wrap(noise(sizes[random.nextInt(sizes.length)])));
                near.send(expected.getLast().duplicate(), far.getLocalAddress());
            }
            assertEquals(expected, received(far, expected.size()), daemon::log);
        }
    }
}
