package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wireleap.tun.demo.Socks5Server;
import wireleap.tun.demo.Socks5Settings;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Echo;
import wireleap.tun.testing.Flow;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.Stalled;
import wireleap.tun.testing.TestNet;

/** Many flows at once, many in a row, and what becomes of those for which there is no place. */
@NeedsTun
@NeedsProgram("ip")
@Timeout(300)
class LimitsKernelTest {
    private static final int FLOWS = 5_000;
    /** The whole: {@code mvn -B verify -Dit.test='LimitsKernelTest#short*' -Dwireleap.shortConnections=100000}. */
    private static final int SHORT_CONNECTIONS = Integer.getInteger("wireleap.shortConnections", 10_000);
    private static final int DIALLERS = 16;
    /** One target has as many ports as the one server, and applications wait for TIME-WAIT as they do without us. */
    private static final int TARGETS = 250;
    private static final int STALLED = 1_000;
    /** So many stalled flows use 4 MiB up. */
    private static final int ENOUGH = 300;
    private static final long MEMORY_BYTES = 16 << 20;
    /** What the heap and compiled code may grow by meanwhile. */
    private static final long SLACK_BYTES = 64 << 20;
    private static final InetAddress ANY = InetAddress.ofLiteral("0.0.0.0");

    private TestNet net;
    private Echo echo;
    private Daemon daemon;

    @BeforeEach
    void open() throws Exception {
        net = TestNet.open();
        echo = net.tied(Echo.open(net, ANY));
    }

    @AfterEach
    void close() {
        net.close();
    }

    private static void assertEchoed(SocketChannel near, int value) throws IOException {
        near.write(ByteBuffer.wrap(new byte[] {(byte) value, (byte) (value >> 8), 3, 4}));
        var answer = ByteBuffer.allocate(4);
        while (answer.hasRemaining() && near.read(answer) >= 0) {
            // Until all is here, or the end.
        }
        assertEquals(ByteBuffer.wrap(new byte[] {(byte) value, (byte) (value >> 8), 3, 4}), answer.flip());
    }

    @Test
    void fiveThousandFlowsAtOnceAreEachCarriedAndAnswered() throws Exception {
        daemon = Daemon.start(net, "--upstream", "direct");
        var flows = new ArrayList<SocketChannel>();
        try {
            for (int i = 0; i < FLOWS; i++) {
                flows.add(net.dial(echo.at(TestNet.SERVER_4)));
                assertEchoed(flows.getLast(), i);
            }
            for (int i = 0; i < FLOWS; i++) {
                assertEchoed(flows.get(i), -i);
            }
            assertEquals(FLOWS, daemon.stat("flows", "established"));
        } finally {
            for (var flow : flows) {
                flow.close();
            }
        }
    }

    private void localPorts(String range) throws Exception {
        net.inside().call(() -> Files.writeString(Path.of("/proc/sys/net/ipv4/ip_local_port_range"), range));
    }

    /** It lets the kernel choose its own ports, or those would be used up first. */
    private void startThroughOneServer() throws Exception {
        var at = new InetSocketAddress(TestNet.PROXY_4, 1080);
        net.tied(net.outside().call(() -> Socks5Server.open(Socks5Settings.at(at))));
        daemon = Daemon.start(net, "--upstream", "socks5://10.77.0.1:1080");
    }

    /** Clients close first, so that TIME-WAIT is on the daemon's side; few ports make the point with few connections. */
    @Test
    void shortConnectionsThroughOneServerFindAPort() throws Exception {
        if (SHORT_CONNECTIONS < 100_000) {
            localPorts("40000 43999");
        }
        startThroughOneServer();
        var diallers = new ArrayList<Future<Integer>>();
        for (int i = 0; i < DIALLERS; i++) {
            int first = i;
            diallers.add(net.inside().fork(() -> dialInARow(first)));
        }
        int dialled = 0;
        for (var dialler : diallers) {
            dialled += dialler.get();
        }
        assertEquals(SHORT_CONNECTIONS, dialled, daemon::log);
        assertTrue(daemon.stat("upstream", "portsReused") > 0);
        assertEquals(0, daemon.stat("refusals", "failed"), daemon::log);
    }

    @Test
    void portsThatAreUsedUpAreSaidToBe() throws Exception {
        startThroughOneServer();
        localPorts("40000 40009");
        var flows = new ArrayList<SocketChannel>();
        assertThrows(ConnectException.class, () -> {
            for (int i = 1; i < TARGETS; i++) {
                flows.add(net.dial(echo.at(InetAddress.ofLiteral("198.51.100." + i))));
            }
        });
        daemon.await("plain about its ports", () -> daemon.log().contains("this host's local ports are used up"));
        assertEchoed(flows.getFirst(), 8);
        for (var flow : flows) {
            flow.close();
        }
    }

    private int dialInARow(int first) throws IOException {
        int dialled = 0;
        for (int i = first; i < SHORT_CONNECTIONS; i += DIALLERS) {
            try (var near = SocketChannel.open(echo.at(InetAddress.ofLiteral("198.51.100." + (1 + i % TARGETS))))) {
                assertEchoed(near, i);
                dialled++;
            }
        }
        return dialled;
    }

    @Test
    void aFullTableRefusesNewFlowsAndKeepsOldOnes() throws Exception {
        daemon = Daemon.start(net, "--upstream", "direct", "--max-flows", "10");
        var flows = new ArrayList<SocketChannel>();
        for (int i = 0; i < 10; i++) {
            flows.add(net.dial(echo.at(TestNet.SERVER_4)));
        }
        assertThrows(ConnectException.class, () -> net.dial(echo.at(TestNet.SERVER_4)));
        assertEquals(1, daemon.stat("resets", "tableFull"));
        for (int i = 0; i < 10; i++) {
            assertEchoed(flows.get(i), i);
        }
        flows.removeLast().close();
        daemon.await("free again", () -> daemon.stat("flows", "established") == 9);
        try (var again = net.dial(echo.at(TestNet.SERVER_4))) {
            assertEchoed(again, 7);
        }
        for (var flow : flows) {
            flow.close();
        }
    }

    @Test
    void aThousandServersThatDoNotReadCostNoMoreThanTheMemoryAndNobodyElse() throws Exception {
        daemon = Daemon.start(net, "--upstream", "direct", "--memory", "16M");
        try (var old = net.dial(echo.at(TestNet.SERVER_4))) {
            long before = daemon.residentBytes();
            var flows = Stalled.open(net, STALLED);
            Stalled.stuff(flows.stream().map(Flow::near).toList());
            assertEchoed(old, 5);
            assertTrue(daemon.stat("slab", "refusals") > 0, "the memory was not used up");
            long grown = daemon.residentBytes() - before;
            assertTrue(grown < MEMORY_BYTES + SLACK_BYTES, "grew by " + grown + " bytes");
            for (var flow : flows) {
                flow.close();
            }
        }
    }

    @Test
    void withoutMemoryNewFlowsAreRefusedAndOldOnesGoOn() throws Exception {
        daemon = Daemon.start(net, "--upstream", "direct", "--memory", "4M");
        try (var old = net.dial(echo.at(TestNet.SERVER_4))) {
            var flows = Stalled.open(net, ENOUGH);
            Stalled.stuff(flows.stream().map(Flow::near).toList());
            assertThrows(ConnectException.class, () -> net.dial(echo.at(TestNet.SERVER_4)));
            assertEquals(1, daemon.stat("resets", "noMemory"));
            assertEchoed(old, 6);
            for (var flow : flows) {
                flow.close();
            }
            daemon.await("free again", () -> daemon.stat("flows", "established") == 1);
            net.dial(echo.at(TestNet.SERVER_4)).close();
        }
    }
}
