package wireleap.tun.os.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.Fd;
import wireleap.tun.os.Sys;

/**
 * The user for whom a daemon runs that was started setuid root: its real user id from now on, credentials(7), and a
 * directory of that user's in which the daemon makes files. Effective and saved user stay root: capabilities stay, the
 * user may signal the process, and may neither trace it nor read its environment.
 */
public final class Caller implements AutoCloseable {
    /** Something that uses files. */
    @FunctionalInterface
    public interface Action<T> {
        T act() throws IOException;
    }

    private static final int ROOT = 0;

    private final int user;
    private final int group;
    private final Path home;
    private final Fd directory;

    private Caller(int user, int group, Path home, Fd directory) {
        this.user = user;
        this.group = group;
        this.home = home;
        this.directory = directory;
    }

    /**
     * Makes a user the real one of this process, all its threads, and opens a directory.
     *
     * @param user 0..2^31-1
     * @param group 0..2^31-1
     * @param home the directory, absolute and without symbolic links, the user's own
     * @throws IOException if this process is not root's, or the directory is another one's
     */
    public static Caller assume(int user, int group, Path home) throws IOException {
        ErrnoException.check("setresuid " + user + ", root, root", LinuxSys.setresuid(user, ROOT, ROOT));
        Fd fd = Fd.of("open " + home, Sys.open(home.toString(), OpenFlags.PLACE, 0));
        try {
            Caller caller = new Caller(user, group, home, fd);
            caller.requireOwn();
            return caller;
        } catch (IOException | RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /** By the descriptor, behind which nobody can put another directory. */
    private void requireOwn() throws IOException {
        Path opened = Files.readSymbolicLink(directory());
        if (!opened.equals(home)) {
            throw new IOException("the directory " + home + " is " + opened + " in truth: a link was followed");
        }
        Object owner = Files.getAttribute(directory(), "unix:uid");
        if (!owner.equals(user) || !Files.isDirectory(directory())) {
            throw new IOException(home + " must be a directory of the user " + user + ", who started this; it belongs"
                    + " to the user " + owner);
        }
    }

    /** The directory by the name that it was opened by. */
    public Path home() {
        return home;
    }

    /** The open directory, whatever becomes of its name; while this is open. */
    public Path directory() {
        return Path.of("/proc/self/fd", Integer.toString(directory.number()));
    }

    /**
     * Uses files as the user, not as root: what the user may not do fails, and what is made is the user's. For the
     * calling platform thread and what threads it starts meanwhile (setfsuid(2)).
     */
    public <T> T files(Action<T> action) throws IOException {
        int groupBefore = LinuxSys.setfsgid(group);
        LinuxSys.setfsuid(user);
        try {
            if (LinuxSys.setfsuid(-1) != user || LinuxSys.setfsgid(-1) != group) {
                throw new IOException("files cannot be used as user " + user + ", group " + group);
            }
            return action.act();
        } finally {
            LinuxSys.setfsuid(ROOT);
            LinuxSys.setfsgid(groupBefore);
        }
    }

    /** Lets go of the directory. */
    @Override
    public void close() {
        directory.close();
    }
}
