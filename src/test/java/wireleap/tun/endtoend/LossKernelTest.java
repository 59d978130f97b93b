package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Family;
import wireleap.tun.testing.Flow;
import wireleap.tun.testing.Loss;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.Sha256;
import wireleap.tun.testing.TestNet;

/** Packets between the daemon and the kernel are lost, both ways, for good: every byte arrives all the same, and soon. */
@NeedsTun
@NeedsProgram({"ip", "nft"})
@Timeout(120)
class LossKernelTest {
    private static final long BYTES = 64L << 20;
    private static final int SECONDS = 10;
    private static final int FLOWS = 200;
    private static final Pattern SENT_AGAIN = Pattern.compile("\"retransmissions\":\\{\"fast\":(\\d+)");
    private static TestNet net;
    private static Daemon daemon;

    @BeforeAll
    static void open() throws Exception {
        net = TestNet.open();
        daemon = Daemon.start(net, "--upstream", "direct");
    }

    @AfterAll
    static void close() {
        net.close();
    }

    @ParameterizedTest
    @CsvSource({"IPV4, 10", "IPV6, 10", "IPV4, 100", "IPV6, 100"})
    void everyByteGoesUp(Family family, int perMille) throws Exception {
        long before = kernelSentAgain();
        inTime(family, perMille, flow -> transfer(flow.near(), flow.far()));
        assertTrue(kernelSentAgain() > before, "nothing was lost");
    }

    @ParameterizedTest
    @CsvSource({"IPV4, 10", "IPV6, 10", "IPV4, 100", "IPV6, 100"})
    void everyByteComesDown(Family family, int perMille) throws Exception {
        long before = daemonSentAgain();
        inTime(family, perMille, flow -> transfer(flow.far(), flow.near()));
        assertTrue(daemonSentAgain() > before, "nothing was lost");
    }

    /** A stream in one direction. */
    private interface Transfer {
        void run(Flow flow) throws Exception;
    }

    /** Every time all bytes arrive, and one time of three within {@link #SECONDS}: what is lost is a matter of chance. */
    private static void inTime(Family family, int perMille, Transfer transfer) throws Exception {
        long leastNanos = Long.MAX_VALUE;
        for (int i = 0; i < 3 && leastNanos > TimeUnit.SECONDS.toNanos(SECONDS); i++) {
            try (var loss = Loss.of(net.inside(), "wltun0", perMille); var flow = Flow.open(net, family.server())) {
                long startNanos = System.nanoTime();
                transfer.run(flow);
                leastNanos = Math.min(leastNanos, System.nanoTime() - startNanos);
            }
        }
        assertTrue(leastNanos <= TimeUnit.SECONDS.toNanos(SECONDS), leastNanos + " ns");
    }

    /** 64 MiB, ended by a FIN. */
    private static void transfer(SocketChannel from, SocketChannel to) throws Exception {
        var sent = net.inside().fork(() -> {
            String digest = Sha256.send(from, BYTES, 1);
            from.shutdownOutput();
            return digest;
        });
        var received = net.inside().fork(() -> Sha256.receive(to));
        String digest = received.get(35, TimeUnit.SECONDS);
        assertEquals(sent.get(1, TimeUnit.SECONDS), digest, daemon::log);
    }

    @ParameterizedTest
    @EnumSource
    void twoHundredConnectionsOpenAndAnswerWhereAFifthIsLost(Family family) throws Exception {
        var answers = new ArrayList<Future<Integer>>();
        try (var loss = Loss.of(net.inside(), "wltun0", 200); var server = net.listen(family.server())) {
            for (int i = 0; i < FLOWS; i++) {
                answers.add(net.inside().fork(() -> {
                    // whoever accepts it: all say the same
                    try (var near = net.dial((InetSocketAddress) server.getLocalAddress(), 60_000);
                            var far = server.accept()) {
                        far.write(ByteBuffer.wrap(new byte[] {42}));
                        near.write(ByteBuffer.wrap(new byte[] {43}));
                        return read(near) + read(far);
                    }
                }));
            }
            long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            for (var answer : answers) {
                long leftNanos = deadlineNanos - System.nanoTime();
                assertEquals(42 + 43, answer.get(leftNanos, TimeUnit.NANOSECONDS), daemon::log);
            }
            assertTrue(loss.packets() > FLOWS / 2, "a fifth of all packets was to be lost");
        }
    }

    private static int read(SocketChannel from) throws Exception {
        var one = ByteBuffer.allocate(1);
        return from.read(one) == 1 ? one.get(0) : -1;
    }

    /** TCP segments that the kernel of the applications has sent again: RetransSegs of /proc/net/snmp. */
    private static long kernelSentAgain() throws Exception {
        String[] tcp = net.inside().call(() -> Files.readString(Path.of("/proc/thread-self/net/snmp"))).lines()
                .filter(line -> line.matches("Tcp: [-\\d ]+")).findFirst().orElseThrow().split(" ");
        return Long.parseLong(tcp[12]);
    }

    private static long daemonSentAgain() throws Exception {
        var count = SENT_AGAIN.matcher(daemon.api().read("/stats").body());
        return count.find() ? Long.parseLong(count.group(1)) : -1;
    }
}
