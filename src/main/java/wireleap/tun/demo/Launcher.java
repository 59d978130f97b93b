package wireleap.tun.demo;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import wireleap.tun.os.Sys;

/** How this program starts itself again, and whether it may do here what the demo needs. */
final class Launcher {
    private static final Path TUN = Path.of("/dev/net/tun");
    private static final List<String> AS_ROOT_OF_ITS_OWN = List.of("unshare", "--user", "--map-root-user");

    private Launcher() {
    }

    /** The program with these words behind it. @throws DemoException when this is no image */
    static List<String> command(String... words) {
        var launcher = Path.of(System.getProperty("java.home")).resolveSibling("bin").resolve("wireleap_tun");
        if (!Files.isExecutable(launcher)) {
            throw new DemoException("the demo needs the image that 'mvn package' makes: there is no " + launcher);
        }
        var command = new ArrayList<>(List.of(launcher.toString()));
        command.addAll(List.of(words));
        return command;
    }

    /** Whether this process is root, if only of a user namespace. */
    static boolean isRoot() {
        return Sys.geteuid() == 0;
    }

    /** Whether the device opens for this user. */
    static boolean tunOpens() {
        try (var device = FileChannel.open(TUN, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return device.isOpen();
        } catch (IOException e) {
            return false;
        }
    }

    /** Whether an ordinary user may become root of a user namespace here (user_namespaces(7)). */
    static boolean userNamespacesWork() throws InterruptedException {
        var command = new ArrayList<>(AS_ROOT_OF_ITS_OWN);
        command.add("true");
        try {
            return new ProcessBuilder(command).redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    /** Runs the demo again as root of a user namespace, on this process's terminal. Its exit code. */
    static int again() throws IOException, InterruptedException {
        var command = new ArrayList<>(AS_ROOT_OF_ITS_OWN);
        command.addAll(command("demo"));
        var process = new ProcessBuilder(command).inheritIO().start();
        var hook = new Thread(process::destroy);
        Runtime.getRuntime().addShutdownHook(hook);
        return process.waitFor();
    }
}
