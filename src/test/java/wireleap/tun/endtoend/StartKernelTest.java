package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.HostState;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;

/** Starts that fail, at each step, and starts that are ended halfway: one clear line, and the host as it was. */
@NeedsTun
@NeedsProgram({"ip", "python3", "setpriv", "unshare"})
@Timeout(60)
class StartKernelTest {
    private static final Set<Integer> ENDED_BY_SIGTERM = Set.of(0, 143);
    private TestNet net;
    private String before;

    @BeforeEach
    void open() throws Exception {
        net = TestNet.open();
        before = hostState();
    }

    @AfterEach
    void close() {
        net.close();
    }

    private String hostState() throws Exception {
        return HostState.of(net.inside(), net.directory()).toString();
    }

    private void assertFails(int code, String words, Daemon daemon) throws Exception {
        assertEquals(code, daemon.awaitEnd(), daemon::log);
        var said = daemon.log().lines().filter(line -> line.startsWith("wireleap_tun: ")).toList();
        assertEquals(1, said.size(), daemon::log);
        assertTrue(said.getFirst().contains(words), daemon::log);
        assertFalse(daemon.log().contains("\tat "), daemon::log);
        assertEquals(before, hostState(), daemon::log);
    }

    private Daemon run(String... options) throws Exception {
        return Daemon.launch(net, options);
    }

    /** As root, behind another program. */
    private Daemon run(List<String> prefix, Path socket) throws Exception {
        return Daemon.launch(net, prefix, Daemon.launcher(), socket, "--upstream", "direct");
    }

    private Path socket() {
        return net.directory().resolve("s");
    }

    @Test
    void whereADaemonLivesASecondOneSaysWhich() throws Exception {
        try (var first = Daemon.start(net, "--upstream", "direct")) {
            before = hostState();
            assertFails(1, "another one runs in this network namespace as process " + first.process().pid(),
                    run(List.of(), socket()));
        }
    }

    @Test
    void whereAStrangerHasTakenTheLockItIsSaidWhose() throws Exception {
        Process stranger = net.inside().start(new ProcessBuilder("python3", "-c", """
                import os, signal, socket
                os.setresuid(4711, 4711, 4711)
                lock = socket.socket(socket.AF_UNIX)
                lock.bind('\\0wireleap_tun')
                lock.listen()
                print('taken', flush=True)
                signal.pause()
                """));
        assertEquals("taken", stranger.inputReader().readLine());
        assertFails(1, "as process " + stranger.pid() + " and must stop first (it has the abstract socket @wireleap_tun,"
                + " which is the user 4711's: if it is no daemon, end it", run(List.of(), socket()));
    }

    @Test
    void aSocketInAnAbsentDirectory() throws Exception {
        assertFails(1, "the directory " + net.directory() + "/absent does not exist; make it or choose another path"
                + " with --socket", run(List.of(), net.directory().resolve("absent/s")));
    }

    @Test
    void aFileInTheSocketsPlace() throws Exception {
        Files.createFile(socket());
        before = hostState();
        assertFails(1, "something else than a socket is there", run(List.of(), socket()));
    }

    @Test
    void withoutNetAdmin() throws Exception {
        assertFails(1, "this needs root or CAP_NET_ADMIN",
                run(List.of("setpriv", "--bounding-set=-net_admin"), socket()));
    }

    @Test
    void withoutTheTunDevice() throws Exception {
        assertFails(1, "the kernel's TUN driver is absent: modprobe tun", run(List.of("unshare", "--mount", "sh", "-c",
                "mount -t tmpfs tmpfs /dev/net && exec \"$@\"", "sh"), socket()));
    }

    @Test
    void aTunDeviceThatTheUserMayNotOpen() throws Exception {
        Files.setPosixFilePermissions(net.directory(), PosixFilePermissions.fromString("rwxr-xr-x"));
        Path folder = Files.createDirectory(net.directory().resolve("nobodys"));
        Files.setAttribute(folder, "unix:uid", 65534);
        before = hostState();
        var command = List.of("unshare", "--mount", "sh", "-c", """
                mkdir "$1/image" && mount --bind "$2" "$1/image" &&
                mknod -m 600 "$1/tun" c 10 200 && mount --bind "$1/tun" /dev/net/tun &&
                shift 2 && exec setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all,+net_admin \\
                  --ambient-caps=-all,+net_admin --bounding-set=-all,+net_admin "$@"
                """, "sh", folder.toString(), Daemon.launcher().getParent().getParent().toString());
        assertFails(1, "see that /dev/net/tun may be opened", Daemon.launch(net, command,
                folder.resolve("image/bin/wireleap_tun"), folder.resolve("s"), "--upstream", "direct"));
    }

    @Test
    void aNameThatAnotherTunHas() throws Exception {
        TestNet.ip(net.inside(), List.of("tuntap add dev wltun0 mode tun"));
        before = hostState();
        assertFails(1, "a device of that name exists: choose another by --tun",
                run("--upstream", "direct"));
    }

    @Test
    void aNameThatAnotherKindOfDeviceHas() throws Exception {
        assertFails(1, "a device of that name exists: choose another by --tun",
                run("--upstream", "direct", "--tun", "veth0"));
    }

    @Test
    void aRuleBaseOutOfRangeIsWrongUsage() throws Exception {
        assertFails(2, "--rule-base 32755: must be a number from 256 to 32754",
                run("--upstream", "direct", "--rule-base", "32755"));
    }

    @Test
    void aWrongUpstreamIsWrongUsage() throws Exception {
        assertFails(2, "--upstream socks5://...@host:x: ", run("--upstream", "socks5://me:s3cr@host:x"));
    }

    @RepeatedTest(10)
    void sigtermWhileStartingLeavesNothing() throws Exception {
        long seed = System.nanoTime();
        var daemon = run("--upstream", "direct", "--bypass", "192.0.2.1,2001:db8::/32");
        Thread.sleep(new Random(seed).nextInt(1_000));
        daemon.stop();
        assertTrue(ENDED_BY_SIGTERM.contains(daemon.process().exitValue()), () -> seed + "\n" + daemon.log());
        assertEquals(before, hostState(), () -> "seed " + seed + "\n" + daemon.log());
    }

    @RepeatedTest(3)
    void moreSignalsThanOneLeaveNothing() throws Exception {
        try (var daemon = Daemon.start(net, "--upstream", "direct")) {
            String pid = Long.toString(daemon.process().pid());
            TestNet.output(net.inside(), "sh", "-c", "kill -TERM $1; kill -INT $1; kill -TERM $1", "sh", pid);
            assertTrue(daemon.process().waitFor(2, TimeUnit.SECONDS), daemon::log);
            assertEquals(0, daemon.process().exitValue(), daemon::log);
            assertEquals(before, hostState(), daemon::log);
        }
    }
}
