package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Family;
import wireleap.tun.testing.Flow;
import wireleap.tun.testing.HostState;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;
import wireleap.tun.testing.Upstream;

/** Users: a daemon that is not root, and a proxy of another user on the very same host. */
@NeedsTun
@Timeout(30)
class UserKernelTest {
    private static final String NOBODY = "65534";
    private TestNet net;

    @BeforeEach
    void open() throws Exception {
        net = TestNet.open();
    }

    @AfterEach
    void close() {
        net.close();
    }

    /**
     * A script that becomes nobody with ambient CAP_NET_ADMIN: $1 a folder, $2 the image. In a mount namespace of its
     * own, so that neither the mode of this machine's /dev/net/tun nor that of the folders above the image matters.
     */
    private static final String AS_NOBODY = """
            mkdir "$1/image" && mount --bind "$2" "$1/image" &&
            mknod -m 666 "$1/tun" c 10 200 && mount --bind "$1/tun" /dev/net/tun &&
            shift 2 && exec setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all,+net_admin \\
              --ambient-caps=-all,+net_admin --bounding-set=-all,+net_admin "$@"
            """;

    @Test
    @NeedsProgram({"ip", "setpriv", "unshare"})
    void anOrdinaryUserWithAmbientNetAdminRunsIt() throws Exception {
        Path folder = Files.createDirectory(net.directory().resolve("nobodys"));
        Files.setAttribute(folder, "unix:uid", 65534);
        Files.setPosixFilePermissions(net.directory(), PosixFilePermissions.fromString("rwxr-xr-x"));
        String upstream = Upstream.OWN.open(net);
        String before = HostState.of(net.inside()).toString();
        var image = Daemon.launcher().getParent().getParent();
        var command = List.of("unshare", "--mount", "sh", "-c", AS_NOBODY, "sh", folder.toString(), image.toString());
        try (var daemon = Daemon.launch(net, command, folder.resolve("image/bin/wireleap_tun"),
                folder.resolve("wireleap_tun.sock"), "--upstream", upstream)) {
            daemon.awaitActive();
            assertEquals(65534, Files.getAttribute(Path.of("/proc/" + daemon.process().pid()), "unix:uid"));
            try (var flow = Flow.open(net, TestNet.SERVER_4)) {
                assertEquals(TestNet.PROXY_4, flow.far().socket().getInetAddress(), daemon::log);
            }
            daemon.stop();
            assertEquals(before, HostState.of(net.inside()).toString(), daemon::log);
        }
    }

    private void startProxyHere() throws Exception {
        net.inside().start(new ProcessBuilder("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups",
                "microsocks", "-i", "127.0.0.1", "-p", "1080")
                .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD));
    }

    @ParameterizedTest
    @EnumSource
    @NeedsProgram({"ip", "setpriv", "microsocks"})
    void aProxyOnThisHostGoesOutPastTheTunByItsUser(Family family) throws Exception {
        startProxyHere();
        try (var daemon = Daemon.start(net, "--upstream", "socks5://127.0.0.1:1080", "--bypass-user", NOBODY);
                var flow = Flow.open(net, family.server())) {
            assertEquals(family.inside(), flow.far().socket().getInetAddress());
            assertFalse(daemon.log().contains("--bypass-user"), daemon::log);
            assertEquals("wltun0", way(family, "0"));
            assertEquals("veth0", way(family, NOBODY));
        }
    }

    private String way(Family family, String user) throws Exception {
        return TestNet.output(net.inside(), "ip", "route", "get", family.server().getHostAddress(), "uid", user)
                .replaceFirst("(?s).* dev (\\S+) .*", "$1");
    }

    @Test
    @NeedsProgram({"ip", "setpriv", "microsocks"})
    void aProxyOnThisHostWithoutItsUserIsWarnedOf() throws Exception {
        startProxyHere();
        try (var daemon = Daemon.start(net, "--upstream", "socks5://127.0.0.1:1080")) {
            assertTrue(daemon.log().contains("--bypass-user"), daemon::log);
        }
    }
}
