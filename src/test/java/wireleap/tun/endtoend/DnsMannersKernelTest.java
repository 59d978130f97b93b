package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wireleap.tun.dns.Messages;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.ScriptedDns;
import wireleap.tun.testing.ScriptedDns.Manner;
import wireleap.tun.testing.TestNet;
import wireleap.tun.testing.Upstream;

/** Resolvers of all manners, asked over TCP through a proxy that has no UDP. */
@NeedsTun
@NeedsProgram({"ip", "microsocks", "dig"})
@Timeout(40)
class DnsMannersKernelTest {
    private static TestNet net;

    @BeforeAll
    static void open() throws Exception {
        net = TestNet.open();
        Daemon.start(net, "--upstream", Upstream.MICROSOCKS.open(net));
    }

    @AfterAll
    static void close() {
        net.close();
    }

    @ParameterizedTest
    @CsvSource({"DILIGENT, 100, 1, 4", "REVERSED, 10, 1, 1", "CURT, 20, 20, 40", "SILENT_AT_FIRST, 50, 2, 8"})
    void eachQueryHasItsOwnAnswer(Manner manner, int queries, int leastConnections, int mostConnections)
            throws Exception {
        var answered = new TreeSet<Integer>();
        try (var resolver = ScriptedDns.open(net, manner);
                var socket = TestNet.datagrams(net.inside(), new InetSocketAddress("0.0.0.0", 0))) {
            socket.connect(resolver.address());
            for (int i = 0; i < queries; i++) {
                socket.write(ByteBuffer.wrap(Messages.query(i, "n" + i + ".example")));
            }
            while (answered.size() < queries) {
                var answer = ByteBuffer.allocate(512);
                socket.read(answer);
                var query = Messages.query(answer.getShort(0), "n" + answer.getShort(0) + ".example");
                assertEquals(ByteBuffer.wrap(Messages.answer(query, ScriptedDns.ANSWER_BYTES)), answer.flip());
                answered.add((int) answer.getShort(0));
            }
            int connections = resolver.connections();
            assertTrue(leastConnections <= connections && connections <= mostConnections, connections + " connections");
        }
        assertEquals(IntStream.range(0, queries).boxed().collect(Collectors.toSet()), answered);
    }

    private static String dig(InetAddress server) throws Exception {
        return TestNet.output(net.inside(), "dig", "@" + server.getHostAddress(), "example.org", "+time=8", "+tries=1");
    }

    @Test
    void aSilentOneIsServfailAfterFourSeconds() throws Exception {
        try (var resolver = ScriptedDns.open(net, Manner.SILENT)) {
            String said = dig(resolver.address().getAddress());
            assertTrue(said.contains("status: SERVFAIL"), said);
            assertTrue(said.matches("(?s).*Query time: [4-5]\\d{3} msec.*"), said);
            assertEquals(2, resolver.connections());
        }
    }

    @Test
    void oneThatIsNotThereIsServfailAtOnce() throws Exception {
        String said = dig(TestNet.SERVER_4);
        assertTrue(said.contains("status: SERVFAIL"), said);
    }
}
