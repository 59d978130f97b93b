package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.demo.Socks5Server;
import wireleap.tun.demo.Socks5Settings;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Family;
import wireleap.tun.testing.Flow;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;

/** A SOCKS server on the very host whose traffic is captured: what it sends would come back for ever. */
@NeedsTun
@NeedsProgram({"ip", "setpriv", "microsocks"})
@Timeout(60)
class LoopKernelTest {
    private static final String NOBODY = "65534";
    private static final String UPSTREAM = "socks5://127.0.0.1:1080";
    private TestNet net;

    @BeforeEach
    void open() throws Exception {
        net = TestNet.open();
    }

    @AfterEach
    void close() {
        net.close();
    }

    private void startMicrosocks() throws Exception {
        net.inside().start(new ProcessBuilder("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups",
                "microsocks", "-i", "127.0.0.1", "-p", "1080")
                .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD));
    }

    private void startOwn() throws Exception {
        net.tied(net.inside().call(() -> Socks5Server.open(Socks5Settings.at(new InetSocketAddress("127.0.0.1", 1080)))));
    }

    @ParameterizedTest
    @EnumSource
    void aLoopIsBrokenAndSaid(Family family) throws Exception {
        startMicrosocks();
        try (var daemon = Daemon.start(net, "--upstream", UPSTREAM); var server = net.listen(family.server())) {
            var target = (InetSocketAddress) server.getLocalAddress();
            assertThrows(IOException.class, () -> net.dial(target));
            daemon.await("said", () -> daemon.api().read("/state").body().contains("comes back through the TUN"));
            assertTrue(daemon.log().contains("--bypass-user"), daemon::log);
            assertTrue(daemon.stat("resets", "loop") > 0, daemon::log);
            assertTrue(daemon.stat("flows", "opened") < 400, daemon::log);
            daemon.await("quiet", () -> daemon.stat("flows", "halfOpen") == 0);
        }
    }

    @Test
    void aLoopOfDatagramsIsBrokenToo() throws Exception {
        startOwn();
        try (var daemon = Daemon.start(net, "--upstream", UPSTREAM);
                var socket = TestNet.datagrams(net.inside(), new InetSocketAddress("0.0.0.0", 0))) {
            daemon.await("broken", () -> {
                socket.send(ByteBuffer.wrap(new byte[10]), new InetSocketAddress(TestNet.SERVER_4, 9));
                return daemon.stat("drops", "udpLoop") > 0;
            });
            assertTrue(daemon.stat("sessions", "opened") < 400, daemon::log);
            assertTrue(daemon.log().contains("comes back through the TUN"), daemon::log);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void whoNamesTheServersUserHasNone(int filter) throws Exception {
        for (String device : List.of("all", "default", "veth0")) {
            net.inside().call(() -> Files.writeString(Path.of("/proc/sys/net/ipv4/conf", device, "rp_filter"), "" + filter));
        }
        startMicrosocks();
        try (var daemon = Daemon.start(net, "--upstream", UPSTREAM, "--bypass-user", NOBODY);
                var flow = Flow.open(net, TestNet.SERVER_4)) {
            assertEquals(TestNet.INSIDE_4, flow.far().socket().getInetAddress());
            assertFalse(daemon.log().contains("comes back"), daemon::log);
        }
    }
}
