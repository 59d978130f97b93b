package wireleap.tun.install;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.Fd;
import wireleap.tun.os.Sys;
import wireleap.tun.os.linux.LinuxSys;
import wireleap.tun.os.linux.OpenFlags;

/**
 * The launcher in a directory that a user may change at any moment: all is done through descriptors of the directory
 * and of the file that was made, for a name may stand for another file by the time that root gives it the setuid bit.
 */
final class LauncherFile implements AutoCloseable {
    private static final String NAME = "wireleap_tun";
    private static final int ROOT = 0;
    private static final int ROOTS_ONLY = 0600;
    private static final int MODE = 04755;
    private static final int MODE_BITS = 07777;

    private final Path named;
    private final Fd directory;

    private LauncherFile(Path named, Fd directory) {
        this.named = named;
        this.directory = directory;
    }

    /** @throws IOException if there is no such directory */
    static LauncherFile in(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            throw new IOException(directory + " is no directory; give that of Wireleap, such as $HOME/wireleap");
        }
        Fd fd = Fd.of("open " + directory, Sys.open(directory.toString(), OpenFlags.PLACE, 0));
        return new LauncherFile(directory.resolve(NAME), fd);
    }

    private Path path(String name) {
        return Path.of("/proc/self/fd", Integer.toString(directory.number()), name);
    }

    /** The user whose controller may start it. */
    int owner() throws IOException {
        return (Integer) Files.getAttribute(path("."), "unix:uid");
    }

    /** Puts the launcher there in one step, in place of what has the name, and checks what stands there then. */
    void put(byte[] program) throws IOException {
        Path hidden = path("." + NAME + "." + Long.toUnsignedString(System.nanoTime(), Character.MAX_RADIX));
        try (Fd file = Fd.of("open " + hidden, Sys.open(hidden.toString(), OpenFlags.NEW, ROOTS_ONLY))) {
            try {
                write(file, program);
                ErrnoException.check("fchown " + named, LinuxSys.fchown(file.number(), ROOT, ROOT));
                ErrnoException.check("fchmod " + named, LinuxSys.fchmod(file.number(), MODE));
                Files.move(hidden, path(NAME), StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(hidden);
            }
            Path made = Path.of("/proc/self/fd", Integer.toString(file.number()));
            if (!isRoots() || !Files.isSameFile(made, path(NAME))) {
                throw new IOException(named + " is not what was put there: somebody has changed it meanwhile");
            }
        }
    }

    private static void write(Fd file, byte[] bytes) throws ErrnoException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
            for (int written = 0; written < bytes.length; ) {
                written += ErrnoException.check("write",
                        Sys.write(file.number(), memory, written, bytes.length - written));
            }
        }
    }

    /** Root's, with the setuid bit and writable by root alone. */
    private boolean isRoots() throws IOException {
        var found = Files.readAttributes(path(NAME), "unix:uid,mode", LinkOption.NOFOLLOW_LINKS);
        return found.get("uid").equals(ROOT) && ((Integer) found.get("mode") & MODE_BITS) == MODE;
    }

    /** What became of the launcher. */
    enum Removal { REMOVED, ABSENT, ANOTHERS }

    /**
     * Takes the launcher away, of whatever version it is: it is known by what it starts, so that it also goes where that
     * is gone already.
     *
     * @param program what it starts, the path that is compiled into it
     */
    Removal remove(Path program) throws IOException {
        try {
            if (!isRoots()
                    || !Files.readString(path(NAME), StandardCharsets.ISO_8859_1).contains(program.toString())) {
                return Removal.ANOTHERS;
            }
            Files.delete(path(NAME));
            return Removal.REMOVED;
        } catch (NoSuchFileException e) {
            return Removal.ABSENT;
        }
    }

    @Override
    public String toString() {
        return named.toString();
    }

    @Override
    public void close() {
        directory.close();
    }
}
