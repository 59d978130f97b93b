package wireleap.tun.install;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import wireleap.tun.os.Sys;

/** The image where the setuid launcher looks for it, and the launcher where Wireleap's controller looks for that. */
public final class Installation {
    /** As it is compiled into the launcher, src/main/c. */
    private static final Path PLACE = Path.of("/usr/lib/wireleap_tun");
    private static final Path PROGRAM = PLACE.resolve("bin/wireleap_tun");
    private static final Path LAUNCHER = Path.of("libexec", "wireleap_tun");

    private Installation() {
    }

    /**
     * Installs both, in place of what was there, and checks that nobody but root can change them.
     *
     * @param image the one that runs
     * @param home Wireleap's directory
     */
    public static void install(Path image, Path home, PrintStream out) throws IOException {
        requireRoot("install");
        if (!Files.exists(image.resolve(LAUNCHER))) {
            throw new IOException(image + " has no " + LAUNCHER + ": it was built where there is no C compiler");
        }
        try (LauncherFile launcher = LauncherFile.in(home)) {
            if (!image.equals(PLACE)) {
                ImageTree.copy(image, PLACE);
                out.println("copied " + image + " to " + PLACE);
            }
            ImageTree.requireRoots(PLACE);
            launcher.put(Files.readAllBytes(PLACE.resolve(LAUNCHER)));
            out.println("put " + launcher + " there, root's and setuid; the controller must run as user "
                    + launcher.owner() + ", whose directory it is");
        }
    }

    /** Takes both away, or the image alone where no home is given. */
    public static void uninstall(Optional<Path> home, PrintStream out) throws IOException {
        requireRoot("uninstall");
        if (home.isPresent()) {
            try (LauncherFile launcher = LauncherFile.in(home.get())) {
                out.println(switch (launcher.remove(PROGRAM)) {
                    case REMOVED -> "removed " + launcher;
                    case ABSENT -> "there is no " + launcher;
                    case ANOTHERS -> launcher + " is not the launcher that install puts there, and stays";
                });
            }
        }
        boolean any = Files.exists(PLACE);
        ImageTree.delete(PLACE);
        out.println(any ? "removed " + PLACE : "there is no " + PLACE);
    }

    private static void requireRoot(String command) throws IOException {
        if (Sys.geteuid() != 0) {
            throw new IOException(command + " needs root: try sudo");
        }
    }
}
