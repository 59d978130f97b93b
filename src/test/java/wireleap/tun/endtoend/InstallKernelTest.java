package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wireleap.tun.testing.Controller;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsRoot;
import wireleap.tun.testing.Overlay;
import wireleap.tun.testing.TestNet;

/** install and uninstall, where /usr/lib is a layer over this machine's. */
@NeedsRoot
@NeedsProgram({"cc", "ip", "mount", "nsenter", "setpriv", "unshare"})
@Timeout(60)
class InstallKernelTest {
    private static final String INSTALLED = "/usr/lib/wireleap_tun/bin/wireleap_tun";
    private TestNet net;
    private Overlay overlay;
    private Controller controller;

    @BeforeEach
    void open() throws Exception {
        net = TestNet.open();
        overlay = Overlay.open(net);
        controller = new Controller(net, overlay);
    }

    @AfterEach
    void close() throws Exception {
        overlay.close();
        net.close();
    }

    private String program(String program, String command) throws Exception {
        return overlay.output(overlay.command(program, command, "--wireleap", controller.home().toString()));
    }

    private String install() throws Exception {
        return program(Daemon.launcher().toString(), "install");
    }

    private String inOverlay(String script) throws Exception {
        return overlay.output(overlay.command("sh", "-c", script));
    }

    @Test
    void theLauncherIsRootsAndSetuid() throws Exception {
        String said = install();
        var found = Files.readAttributes(controller.program(), "unix:uid,gid,mode");
        assertEquals("0 0 4755", found.get("uid") + " " + found.get("gid") + " "
                + Integer.toOctalString((Integer) found.get("mode") & 07777), said);
    }

    @Test
    void theOriginalProgramIsReplaced() throws Exception {
        Files.writeString(controller.program(), "the original");
        install();
        assertTrue(Files.size(controller.program()) > 1000);
    }

    @Test
    void aLinkInTheProgramsPlaceIsReplacedAndNotFollowed() throws Exception {
        Path precious = Files.writeString(net.directory().resolve("precious"), "precious");
        Files.createSymbolicLink(controller.program(), precious);
        install();
        assertEquals("precious", Files.readString(precious));
        assertTrue(Files.isRegularFile(controller.program(), LinkOption.NOFOLLOW_LINKS));
    }

    @Test
    void nothingOfTheImageCanBeChangedByOthers() throws Exception {
        install();
        assertEquals("", inOverlay("find /usr/lib/wireleap_tun ! -type l \\( ! -uid 0 -o -perm /022 \\)"));
        assertTrue(inOverlay(INSTALLED + " version").matches("\\d+\\.\\d+\\.\\d+.*\n"));
    }

    @Test
    void theInstalledProgramInstallsItselfAgain() throws Exception {
        install();
        assertEquals(1, program(INSTALLED, "install").lines().count());
    }

    @Test
    void anImageThatOthersCanChangeIsRefused() throws Exception {
        install();
        inOverlay("chmod o+w /usr/lib/wireleap_tun/lib/java.options");
        assertTrue(program(INSTALLED, "install").contains("/usr/lib/wireleap_tun/lib/java.options must be root's"));
    }

    @Test
    void uninstallTakesBothAway() throws Exception {
        install();
        program(INSTALLED, "uninstall");
        assertFalse(Files.exists(controller.program()));
        assertEquals("absent\n", inOverlay("[ -e /usr/lib/wireleap_tun ] || echo absent"));
    }

    @Test
    void uninstallTakesTheLauncherAwayThoughTheImageWentFirst() throws Exception {
        install();
        inOverlay("rm -r /usr/lib/wireleap_tun");
        assertEquals("removed " + controller.program() + "\nthere is no /usr/lib/wireleap_tun\n",
                program(Daemon.launcher().toString(), "uninstall"));
        assertFalse(Files.exists(controller.program()));
    }

    @Test
    void uninstallLeavesAnotherProgram() throws Exception {
        install();
        Files.writeString(controller.program(), "the original");
        program(INSTALLED, "uninstall");
        assertEquals("the original", Files.readString(controller.program()));
    }

    @Test
    void anOrdinaryUserIsSentAway() throws Exception {
        install();
        assertEquals("wireleap_tun: install needs root: try sudo\n", overlay.output(overlay.commandOf(Controller.USER,
                Controller.GROUP, INSTALLED, "install", "--wireleap", controller.home().toString())));
    }
}
