package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.HostState;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;

/** start, stop, restart, status and log with the packaged program. */
@NeedsTun
@NeedsProgram({"ip", "python3"})
@Timeout(60)
class BackgroundKernelTest {
    /** Listens at the socket $1 as user 4711, and has words among its arguments as a daemon has. */
    private static final String IMPOSTOR = """
            import os, signal, socket, sys
            listener = socket.socket(socket.AF_UNIX)
            os.setresuid(4711, 4711, 4711)
            listener.bind(sys.argv[1])
            listener.listen()
            print('listening', flush=True)
            signal.pause()
            """;

    private TestNet net;

    /** What a command printed on both streams, and its exit code. */
    private record Done(int code, String said) {
        long pid() {
            return Long.parseLong(said.replaceFirst("(?s).*\"pid\" : (-?\\d+).*", "$1"));
        }

        String state() {
            return said.replaceFirst("(?s).*\"state\" : \"(\\w+)\".*", "$1");
        }
    }

    @BeforeEach
    void open() throws Exception {
        net = TestNet.open();
    }

    @AfterEach
    void close() throws Exception {
        // start's child is nobody's child any more: the net does not know it
        if (Files.exists(net.directory().resolve("d.pid"))) {
            long pid = Long.parseLong(Files.readString(net.directory().resolve("d.pid")).strip());
            ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
        }
        net.close();
    }

    private Done invoke(String command, String... more) throws Exception {
        var words = new ArrayList<>(List.of(Daemon.launcher().toString(), command, "--socket",
                net.directory().resolve("d.sock").toString()));
        words.addAll(List.of(more));
        Path said = net.directory().resolve("said");
        Process process = net.inside().start(new ProcessBuilder(words).redirectErrorStream(true)
                .redirectOutput(said.toFile()));
        assertTrue(process.waitFor(40, TimeUnit.SECONDS));
        return new Done(process.exitValue(), Files.readString(said));
    }

    private Done start() throws Exception {
        Done started = invoke("start", "--upstream", "direct", "--bypass", "192.0.2.1");
        assertEquals(0, started.code(), started::said);
        return started;
    }

    private void signal(String name, long pid) throws Exception {
        TestNet.output(net.inside(), "kill", "-" + name, Long.toString(pid));
    }

    @Test
    void aStartIsDoneWhenTheDaemonIsActive() throws Exception {
        assertEquals("active", start().state());
        assertEquals("wltun0", TestNet.output(net.inside(), "ip", "route", "get", "198.51.100.1")
                .replaceFirst("(?s).* dev (\\S+) .*", "$1"));
    }

    @Test
    void theStatusOfAnActiveDaemonIsASuccess() throws Exception {
        Done started = start();
        assertEquals(started, invoke("status"));
    }

    @Test
    void theDaemonHasASessionOfItsOwn() throws Exception {
        String pid = Long.toString(start().pid());
        assertEquals(pid, Files.readString(Path.of("/proc", pid, "stat")).split(" ")[5]);    // proc(5): session
    }

    @Test
    void aSecondStartIsRefused() throws Exception {
        Done started = start();
        Done second = invoke("start", "--upstream", "direct");
        assertEquals(new Done(1, "wireleap_tun: the daemon is running already, as process " + started.pid() + "\n"),
                second);
    }

    @Test
    void aStartThatFailsTellsTheLastWords() throws Exception {
        Done failed = invoke("start", "--upstream", "direct", "--tun", "veth0");
        assertEquals(1, failed.code());
        assertTrue(failed.said().contains("a device of that name exists"), failed::said);
    }

    @Test
    void theLogIsPrinted() throws Exception {
        start();
        assertTrue(invoke("log").said().contains("active: wltun0 leads to direct"));
    }

    @Test
    void aStopLeavesTheHostAsItWas() throws Exception {
        String before = HostState.of(net.inside()).toString();
        start();
        assertEquals("inactive", invoke("stop").state());
        assertEquals(before, HostState.of(net.inside()).toString());
    }

    @Test
    void afterAStopTheStatusIsInactiveAndAFailure() throws Exception {
        start();
        invoke("stop");
        Done status = invoke("status");
        assertEquals("1 inactive -1", status.code() + " " + status.state() + " " + status.pid());
    }

    @Test
    void aKilledDaemonHasFailed() throws Exception {
        long pid = start().pid();
        signal("KILL", pid);
        Done status = invoke("status");
        assertEquals("1 failed", status.code() + " " + status.state());
    }

    @Test
    void aStopAfterAKillRemovesWhatIsLeft() throws Exception {
        String before = HostState.of(net.inside()).toString();
        signal("KILL", start().pid());
        invoke("stop");
        assertEquals(before, HostState.of(net.inside()).toString());
    }

    @Test
    void aDaemonThatDoesNotAnswerIsUnknownAndEndsByForce() throws Exception {
        String before = HostState.of(net.inside()).toString();
        signal("STOP", start().pid());
        Done status = invoke("status");
        assertEquals("1 unknown", status.code() + " " + status.state());
        assertEquals("inactive", invoke("stop", "--force").state());
        assertEquals(before, HostState.of(net.inside()).toString());
    }

    @Test
    void aDaemonOfRunThatHangsIsFoundByItsSocketAndEndsByForce() throws Exception {
        String before = HostState.of(net.inside()).toString();
        try (var daemon = Daemon.launch(net, List.of(), Daemon.launcher(), net.directory().resolve("d.sock"), "--upstream",
                "direct")) {
            daemon.awaitActive();
            long pid = daemon.process().pid();
            signal("STOP", pid);
            Done status = invoke("status");
            assertEquals("1 unknown " + pid, status.code() + " " + status.state() + " " + status.pid());
            assertEquals("inactive", invoke("stop", "--force").state());
            assertTrue(daemon.process().waitFor(10, TimeUnit.SECONDS));
            assertEquals(before, HostState.of(net.inside()).toString());
        }
    }

    @Test
    void aRestartTakesNoOptionsFromAnotherUsersProcess() throws Exception {
        Files.setPosixFilePermissions(net.directory(), PosixFilePermissions.fromString("rwxrwxrwx"));
        Process impostor = net.inside().start(new ProcessBuilder("python3", "-c", IMPOSTOR,
                net.directory().resolve("d.sock").toString(), "wireleap.tun.Main", "run", "--upstream", "direct"));
        assertEquals("listening", impostor.inputReader().readLine());
        Done refused = invoke("restart");
        assertEquals(new Done(1, "wireleap_tun: the daemon, process " + impostor.pid()
                + ", is the user 4711's, who has to start it anew\n"), refused);
        assertTrue(impostor.isAlive());
    }

    @Test
    void aLogThatIsNoTextIsPrintedAsItIs() throws Exception {
        Files.write(net.directory().resolve("d.log"), new byte[] {'a', (byte) 0xff, '\n'});
        Path copy = net.directory().resolve("copy");
        assertEquals("", TestNet.output(net.inside(), "sh", "-c", "$1 log --socket $2 >$3", "sh",
                Daemon.launcher().toString(), net.directory().resolve("d.sock").toString(), copy.toString()));
        assertArrayEquals(new byte[] {'a', (byte) 0xff, '\n'}, Files.readAllBytes(copy));
    }

    @Test
    void aRestartKeepsTheOptions() throws Exception {
        Done first = start();
        Done second = invoke("restart");
        assertEquals("active", second.state(), second::said);
        assertNotEquals(first.pid(), second.pid());
        assertTrue(TestNet.output(net.inside(), "ip", "route", "show", "table", "13492").contains("throw 192.0.2.1"));
    }
}
