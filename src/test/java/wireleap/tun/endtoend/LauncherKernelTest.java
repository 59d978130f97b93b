package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.testing.Controller;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsRoot;
import wireleap.tun.testing.Overlay;
import wireleap.tun.testing.TestNet;

/** What the setuid launcher lets through of a hostile caller: in the image's place is a script that tells. */
@NeedsRoot
@NeedsProgram({"cc", "ip", "mount", "nsenter", "setpriv", "unshare"})
@Timeout(60)
class LauncherKernelTest {
    private static final String TELLER = """
            #!/bin/sh
            sleep 0.2   # the timer that the caller has set would end it
            tr '\\0' '\\n' </proc/$$/environ | sed 's/^/env /'
            echo "arguments $*"
            echo "umask $(umask)"
            echo "directory $(readlink /proc/$$/cwd)"
            for fd in /proc/$$/fd/*; do echo "fd $(readlink $fd)"; done
            exec grep -E '^(Uid|SigBlk|SigIgn):' /proc/self/status
            """;
    @TempDir
    private static Path programs;
    private static Path hostile;

    private TestNet net;
    private Overlay overlay;
    private Controller controller;

    @BeforeAll
    static void compile() throws Exception {
        hostile = programs.resolve("hostile");
        var compiler = new ProcessBuilder("cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", hostile.toString(),
                "src/test/c/hostile.c").inheritIO().start();
        assertEquals(0, compiler.waitFor());
    }

    @BeforeEach
    void open() throws Exception {
        net = TestNet.open();
        overlay = Overlay.open(net);
        controller = new Controller(net, overlay);
        Path teller = Files.writeString(net.directory().resolve("teller"), TELLER);
        TestNet.output(net.inside(), "cp", hostile.toString(), net.directory().toString());
        Path image = Daemon.launcher().getParent().getParent();
        assertEquals("", asRoot("mkdir -p /usr/lib/wireleap_tun/bin && cd /usr/lib/wireleap_tun/bin && cp " + teller
                + " wireleap_tun && chmod 755 wireleap_tun && cp " + image + "/libexec/wireleap_tun " + launcher()
                + " && chown 0:0 " + launcher() + " && chmod 4755 " + launcher()));
    }

    @AfterEach
    void close() throws Exception {
        overlay.close();
        net.close();
    }

    private Path launcher() {
        return controller.program();
    }

    private String asRoot(String script) throws Exception {
        return overlay.output(overlay.command("sh", "-c", script));
    }

    private String asUser(String... command) throws Exception {
        return overlay.output(overlay.commandOf(Controller.USER, Controller.GROUP, command));
    }

    /** What the script tells of one kind, when a hostile caller has started the launcher. */
    private List<String> told(String kind) throws Exception {
        String all = asUser(net.directory().resolve("hostile").toString(), launcher().toString());
        List<String> lines = lines(all, kind);
        assertTrue(!lines.isEmpty(), all);
        return lines;
    }

    private static List<String> lines(String all, String kind) {
        return all.lines().filter(line -> line.startsWith(kind)).map(line -> line.substring(kind.length()).strip())
                .map(line -> line.replaceAll("\\s+", " ")).toList();
    }

    @Test
    void ofTheEnvironmentTwoAddressesArrive() throws Exception {
        assertEquals(List.of("LC_ALL=C.UTF-8", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                "WIRELEAP_ADDR_H2C=127.0.0.1:1/broker", "WIRELEAP_ADDR_TUN=10.13.49.0:2"),
                told("env").stream().sorted().toList());
    }

    @Test
    void theCallerIsNamedWhateverTheEnvironmentSays() throws Exception {
        assertEquals(List.of("controlled " + Controller.USER + " " + Controller.GROUP + " " + controller.home()),
                told("arguments"));
    }

    @Test
    void noDescriptorOfTheCallersArrives() throws Exception {
        List<String> descriptors = told("fd");
        assertTrue(descriptors.stream().noneMatch("/etc/passwd"::equals), descriptors::toString);
    }

    /** /dev/full is what libc itself opens in its place. */
    @Test
    void aClosedInputIsOpenAgain() throws Exception {
        assertTrue(told("fd").getFirst().matches("/dev/(null|full)"));
    }

    @Test
    void noSignalIsBlocked() throws Exception {
        assertEquals(List.of("0000000000000000"), told("SigBlk:"));
    }

    @Test
    void noSignalIsIgnored() throws Exception {
        assertEquals(List.of("0000000000000000"), told("SigIgn:"));
    }

    @Test
    void theUmaskIsStrict() throws Exception {
        assertEquals(List.of("0077"), told("umask"));
    }

    @Test
    void theDirectoryIsTheRoot() throws Exception {
        assertEquals(List.of("/"), told("directory"));
    }

    @Test
    void allUserIdsAreRoots() throws Exception {
        assertEquals(List.of("0 0 0 0"), told("Uid:"));
    }

    @Test
    void withArgumentsNoUserIdIsRoots() throws Exception {
        String user = Integer.toString(Controller.USER);
        assertEquals(List.of(String.join(" ", user, user, user, user)),
                lines(asUser(launcher().toString(), "controlled", "0", "0", "/"), "Uid:"));
    }

    private void assertSays(String words, String... command) throws Exception {
        String said = asUser(command);
        assertTrue(said.contains(words), said);
    }

    @Test
    void withoutTheSetuidBitItSaysHowToInstallIt() throws Exception {
        asRoot("chmod 755 " + launcher());
        assertSays("sudo wireleap_tun install --wireleap", launcher().toString());
    }

    @Test
    void whereNoProgramMayGainPrivilegesItSaysSo() throws Exception {
        assertSays("root's rights are missing", "setpriv", "--no-new-privs", launcher().toString());
    }

    /** In a directory of another user's it would start a daemon for that one. */
    @Test
    void aHardLinkOfItIsRefused() throws Exception {
        asRoot("ln " + launcher() + " " + controller.home().resolve("other"));
        assertSays("must have this one name", controller.home().resolve("other").toString());
    }

    @Test
    void aHardLinkOfItThatIsGoneOnceItRunsIsRefused() throws Exception {
        Path other = controller.home().resolve("other");
        asRoot("ln " + launcher() + " " + other);
        assertSays("must have this one name", "sh", "-c", "exec 9<" + other + "; rm -f " + other + "; exec /proc/self/fd/9");
    }

    /** What others than root could change must not run as root. */
    @ParameterizedTest
    @ValueSource(strings = {"chmod 775 /usr/lib/wireleap_tun/bin", "chmod o+w /usr/lib/wireleap_tun/bin/wireleap_tun",
        "chown 4711 /usr/lib/wireleap_tun/bin/wireleap_tun", "chown 4711 /usr/lib/wireleap_tun"})
    void anImageThatIsNotRootsAloneIsRefused(String change) throws Exception {
        asRoot(change);
        assertSays("must belong to root and be writable by nobody else", launcher().toString());
    }

    @Test
    void aMissingImageIsToldByItsPath() throws Exception {
        asRoot("rm -r /usr/lib/wireleap_tun");
        assertSays("/usr/lib/wireleap_tun: No such file or directory", launcher().toString());
    }
}
