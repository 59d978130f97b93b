package wireleap.tun.cli;

import java.io.PrintStream;

/** What the commands start but do not know: {@code Main} hands it in. Each method returns the exit code. */
public interface Program {
    /** Runs the daemon in the foreground until a signal ends it. */
    int run(RunOptions options) throws Exception;

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
