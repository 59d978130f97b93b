package wireleap.tun.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Optional;

/** What the commands start but do not know: {@code Main} hands it in. A number that a method returns is the exit code. */
public interface Program {
    /** Runs the daemon in the foreground until a signal ends it. */
    int run(RunOptions options) throws Exception;

    /**
     * The same in a process that a user started who is not root: the process is that user's from now on, as far as
     * signals go, and the control socket is made in a directory of that user's.
     *
     * @param user its number
     * @param group its number
     * @param home the directory, absolute and without symbolic links
     */
    int run(RunOptions options, int user, int group, Path home) throws Exception;

    /** The same away from the terminal, in a session of its own, with a log file. */
    int runDetached(RunOptions options, Path log) throws Exception;

    /** The file by which this program can be started again; none where it is not the image that the build makes. */
    Optional<Path> launcher();

    /**
     * Who listens on a Unix socket, by the kernel's word; none if nobody does, or this process may not ask.
     *
     * @throws IOException if somebody may listen, and cannot be asked now
     */
    Optional<NamedProcess> listener(Path socket) throws IOException;

    /** Puts this program where Wireleap's controller starts it: the image under /usr/lib, the launcher into a home. */
    int install(Path home, PrintStream out) throws Exception;

    /** Takes it away, or the image alone. */
    int uninstall(Optional<Path> home, PrintStream out) throws Exception;

    /** Shows the main job between two network namespaces of its own. */
    int demo(PrintStream out) throws Exception;

    /** Says what this machine offers and lacks; changes nothing. */
    int doctor(PrintStream out) throws Exception;

    /** Removes what a daemon left in the kernel that did not stop by itself. */
    int cleanup(PrintStream out) throws Exception;

    /** Exercises the start and the packet path so that an AOT cache can be recorded. */
    int train() throws Exception;

    /** A semantic version, such as {@code 0.1.0+59f8b81d56c9}. */
    String version();
}
