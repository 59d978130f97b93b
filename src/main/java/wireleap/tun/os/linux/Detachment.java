package wireleap.tun.os.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import wireleap.tun.os.Errno;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.Fd;
import wireleap.tun.os.Sys;
import wireleap.tun.os.linux.gen.Linux;

/** Leaves the terminal: a session of its own (setsid(2)), so that the terminal's end is none of ours, and a log file. */
public final class Detachment {
    private static final int STDOUT = 1;
    private static final int STDERR = 2;
    private static final int LOG_MODE = 0644;

    private Detachment() {
    }

    /**
     * Detaches this process; from then on what it prints is appended to a file, which is made where it is absent.
     *
     * @param log absolute
     * @throws IOException if the file cannot be opened or is a link: in a directory of another user's it may lead
     *     anywhere
     */
    public static void detach(Path log) throws IOException {
        try (Fd fd = Fd.of("open " + log, open(log.toString()))) {
            Path opened = Files.readSymbolicLink(Path.of("/proc/self/fd", Integer.toString(fd.number())));
            Path meant = log.getParent().toRealPath().resolve(log.getFileName());
            if (!opened.equals(meant)) {
                throw new IOException("the log file " + log + " is a link to " + opened + "; remove it");
            }
            ErrnoException.check("setsid", LinuxSys.setsid());
            for (int stream : new int[] {STDOUT, STDERR}) {
                ErrnoException.check("dup2", LinuxSys.dup2(fd.number(), stream));
            }
        }
    }

    /** Makes no file through a link that leads to none (O_EXCL), and waits for nobody at a pipe (O_NONBLOCK). */
    private static int open(String log) {
        int flags = Linux.O_WRONLY() | Linux.O_APPEND() | Linux.O_NONBLOCK() | Linux.O_CLOEXEC();
        int opened = Sys.open(log, flags, 0);
        return Errno.ENOENT.is(opened) ? Sys.open(log, flags | Linux.O_CREAT() | Linux.O_EXCL(), LOG_MODE) : opened;
    }
}
