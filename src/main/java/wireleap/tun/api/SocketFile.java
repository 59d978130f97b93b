package wireleap.tun.api;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A listening Unix domain socket and its name in the file system, which goes when this is closed.
 *
 * <p>bind(2) gives a socket the mode 0777 less the umask. The umask belongs to the whole process, and other threads of
 * a JVM make files at any time, so it is not touched: the socket is bound in a directory that this makes beside the
 * name, that is 0700 from its first moment; gets its group and its mode 0660 there, where nobody else can reach it; and
 * is then renamed to its name, which in one step replaces what a killed predecessor left.
 */
final class SocketFile implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SocketFile.class);
    private static final int PATH_BYTES = 106;       // sockaddr_un (linux/un.h) has 108, of which the JDK uses these
    private static final int BACKLOG = 128;       // whoever waits there waits behind all that came before
    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,9}");
    private static final int TYPE_MASK = 0170000;    // S_IFMT and S_IFSOCK, man 7 inode
    private static final int TYPE_SOCKET = 0140000;
    private static final int ROOM_NAMES = 36 * 36 * 36 * 36;
    private static final int ROOM_TRIES = 16;

    private final Path file;
    private final Optional<Path> madeDirectory;
    private final ServerSocketChannel channel;
    private final Object inode;

    private SocketFile(Path file, Optional<Path> madeDirectory, ServerSocketChannel channel, Object inode) {
        this.file = file;
        this.madeDirectory = madeDirectory;
        this.channel = channel;
        this.inode = inode;
    }

    /**
     * Listens.
     *
     * @param socket its name; a socket there on which nobody answers is replaced
     * @param group by name or number, or none: the group that the kernel gives a new file here
     * @param makeDirectory whether its directory (not that one's parents) is made where it is absent, with mode 0755
     * @throws IOException whose message says what was tried, on what, what failed and what to do
     */
    static SocketFile open(Path socket, Optional<String> group, boolean makeDirectory) throws IOException {
        Path file = socket.toAbsolutePath();
        Optional<Path> made = Optional.empty();
        try {
            requireFree(file);
            made = makeDirectory ? makeDirectory(file.getParent()) : made;
            Path room = makeRoom(file.getParent());
            try {
                return bind(room.resolve("s"), file, group, made);
            } finally {
                Files.deleteIfExists(room.resolve("s"));
                Files.delete(room);
            }
        } catch (IOException | RuntimeException e) {
            if (made.isPresent()) {
                Files.deleteIfExists(made.get());
            }
            throw new IOException("cannot listen on the socket " + file + ": " + reason(e), e);
        }
    }

    private static SocketFile bind(Path hidden, Path file, Optional<String> group, Optional<Path> madeDirectory)
            throws IOException {
        requireShort(hidden);
        ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.bind(UnixDomainSocketAddress.of(hidden), BACKLOG);
            if (group.isPresent()) {
                chgrp(hidden, group.get());
            }
            Files.setPosixFilePermissions(hidden, PosixFilePermissions.fromString("rw-rw----"));
            Object inode = inode(hidden);
            Files.move(hidden, file, StandardCopyOption.ATOMIC_MOVE);
            return new SocketFile(file, madeDirectory, channel, inode);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static void requireShort(Path path) throws IOException {
        int bytes = path.toString().getBytes(StandardCharsets.UTF_8).length;
        if (bytes > PATH_BYTES) {
            throw new IOException("the path is too long for a socket, which may have " + PATH_BYTES
                    + " bytes; choose a shorter one with --socket");
        }
    }

    /** Nothing is there, or a socket on which nobody answers. */
    private static void requireFree(Path file) throws IOException {
        requireShort(file);
        int mode;
        try {
            mode = (Integer) Files.getAttribute(file, "unix:mode", LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            return;
        }
        if ((mode & TYPE_MASK) != TYPE_SOCKET) {
            throw new IOException("something else than a socket is there; move it away or choose another path");
        }
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            probe.configureBlocking(false);      // a full backlog must not hold us; who has one lives
            probe.connect(UnixDomainSocketAddress.of(file));
        } catch (ConnectException e) {
            return;
        } catch (SocketException e) {            // such as EAGAIN: somebody is there, and does not get round to it
            throw new IOException("another process may own it (" + e.getMessage()
                    + "); stop that one or choose another path with --socket", e);
        }
        throw new IOException("another process answers on it; stop that one or choose another path with --socket");
    }

    private static Optional<Path> makeDirectory(Path directory) throws IOException {
        if (Files.isDirectory(directory)) {
            return Optional.empty();
        }
        Files.createDirectory(directory);
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        return Optional.of(directory);
    }

    /** A directory that only we can enter, with a short name: the socket's path in it must not get too long. */
    private static Path makeRoom(Path parent) throws IOException {
        var onlyOurs = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
        for (int tries = 1; ; tries++) {
            int number = ThreadLocalRandom.current().nextInt(ROOM_NAMES);
            try {
                return Files.createDirectory(parent.resolve(".wl" + Integer.toString(number, 36)), onlyOurs);
            } catch (FileAlreadyExistsException e) {
                if (tries == ROOM_TRIES) {
                    throw e;
                }
            }
        }
    }

    private static void chgrp(Path file, String group) throws IOException {
        if (NUMBER.matcher(group).matches()) {
            Files.setAttribute(file, "unix:gid", Integer.parseInt(group));
            return;
        }
        var principals = file.getFileSystem().getUserPrincipalLookupService();
        try {
            Files.getFileAttributeView(file, PosixFileAttributeView.class)
                    .setGroup(principals.lookupPrincipalByGroupName(group));
        } catch (UserPrincipalNotFoundException e) {
            throw new IOException("there is no group " + group + "; name another with --socket-group", e);
        } catch (FileSystemException e) {
            throw new IOException("it cannot be given to the group " + group + " (" + reason(e)
                    + "); only root or a member can, so name a group of yours with --socket-group", e);
        }
    }

    private static Object inode(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS).fileKey();
    }

    private static String reason(Exception e) {
        return switch (e) {
            case AccessDeniedException denied -> "permission denied in the directory " + parent(denied)
                    + "; run as root or choose another path with --socket";
            case NoSuchFileException absent when Files.isDirectory(parent(absent)) -> "nothing can be made in the"
                    + " directory " + parent(absent) + "; choose another path with --socket";
            case NoSuchFileException absent -> "the directory " + parent(absent)
                    + " does not exist; make it or choose another path with --socket";
            case FileAlreadyExistsException inTheWay -> inTheWay.getFile()
                    + " is in the way; move it or choose another path with --socket";
            case FileSystemException other when other.getReason() != null -> other.getReason();
            default -> e.getMessage();
        };
    }

    private static Path parent(FileSystemException e) {
        return Path.of(e.getFile()).getParent();
    }

    /** Accepts the connections; closed by {@link #close()}. */
    ServerSocketChannel channel() {
        return channel;
    }

    /** Stops listening and removes the name, and the directory if made here, unless others' by now. */
    @Override
    public void close() throws IOException {
        try (channel) {          // open until the end: so the kernel cannot give the inode's number to another file
            if (Files.exists(file, LinkOption.NOFOLLOW_LINKS) && inode.equals(inode(file))) {
                Files.delete(file);
            }
            if (madeDirectory.isPresent()) {
                Files.deleteIfExists(madeDirectory.get());
            }
        } catch (DirectoryNotEmptyException e) {
            LOG.debug("{} stays, with others' files in it", e.getFile());
        }
    }
}
