package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;

/** The daemon as systemd would start it: an ordinary user with one capability, and a socket for its notices. */
@NeedsTun
@NeedsProgram({"ip", "python3", "setpriv", "unshare"})
@Timeout(60)
class ServiceKernelTest {
    /** Prints what comes to the socket $1, a line for each datagram, its lines joined by a bar. */
    private static final String LISTENER = """
            import os, socket, sys
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            listener.bind(sys.argv[1])
            os.chmod(sys.argv[1], 0o666)
            print('listening', flush=True)
            while True:
                print(listener.recv(4096).decode().replace('\\n', '|'), flush=True)
            """;
    /** $1 a folder, $2 the image. As in UserKernelTest, with the sets that the unit names. */
    private static final String AS_NOBODY = """
            mkdir "$1/image" && mount --bind "$2" "$1/image" &&
            mknod -m 666 "$1/tun" c 10 200 && mount --bind "$1/tun" /dev/net/tun &&
            export NOTIFY_SOCKET="$1/notices" WATCHDOG_USEC=400000 &&
            shift 2 && exec setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all,+net_admin \\
              --ambient-caps=-all,+net_admin --bounding-set=-all,+net_admin --no-new-privs "$@"
            """;

    private TestNet net;
    private Path folder;
    private BufferedReader notices;
    private Daemon daemon;

    @BeforeEach
    void open() throws Exception {
        net = TestNet.open();
        Files.setPosixFilePermissions(net.directory(), PosixFilePermissions.fromString("rwxr-xr-x"));
        folder = Files.createDirectory(net.directory().resolve("nobodys"));
        Files.setAttribute(folder, "unix:uid", 65534);
        notices = net.inside().start(new ProcessBuilder("python3", "-c", LISTENER,
                folder.resolve("notices").toString()).redirectErrorStream(true)).inputReader();
        assertEquals("listening", notices.readLine());
        var command = List.of("unshare", "--mount", "sh", "-c", AS_NOBODY, "sh", folder.toString(),
                Daemon.launcher().getParent().getParent().toString());
        daemon = Daemon.launch(net, command, folder.resolve("image/bin/wireleap_tun"), folder.resolve("s"),
                "--upstream", "direct");
    }

    @AfterEach
    void close() throws Exception {
        daemon.close();
        net.close();
    }

    /** The notices up to the first that begins so. */
    private List<String> noticesUpTo(String begin) throws Exception {
        var all = new ArrayList<String>();
        do {
            all.add(notices.readLine());
        } while (!all.getLast().startsWith(begin));
        return all;
    }

    @Test
    void itIsReadyWhenItIsActive() throws Exception {
        assertEquals("READY=1|STATUS=active", noticesUpTo("READY").getLast());
        assertTrue(daemon.api().read("/state").body().contains("\"state\":\"active\""));
    }

    @Test
    void theWatchdogHearsOfIt() throws Exception {
        noticesUpTo("READY");
        assertEquals("WATCHDOG=1", noticesUpTo("WATCHDOG").getLast());
        assertEquals("WATCHDOG=1", noticesUpTo("WATCHDOG").getLast());
    }

    @Test
    void itSaysThatItStops() throws Exception {
        noticesUpTo("READY");
        daemon.stop();
        assertEquals("STOPPING=1|STATUS=deactivating", noticesUpTo("STOPPING").getLast());
    }
}
