package wireleap.tun.client;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;

/** Connects to the daemon's socket, again and again while it may just be starting. */
final class Dialer {
    private static final Duration INTERVAL = Duration.ofMillis(150);

    private final Path socket;
    private final Duration patience;

    Dialer(Path socket, Duration patience) {
        this.socket = socket;
        this.patience = patience;
    }

    /**
     * A connection in non-blocking mode.
     *
     * @throws DaemonUnreachableException once the patience is over, or at once when waiting cannot help
     */
    SocketChannel connect() throws IOException, InterruptedException {
        long startNanos = System.nanoTime();
        for (int tries = 1; ; tries++) {
            try {
                return attempt();
            } catch (ConnectException | NoSuchFileException e) {
                if (System.nanoTime() - startNanos + INTERVAL.toNanos() > patience.toNanos()) {
                    throw new DaemonUnreachableException("no daemon on the socket " + socket + ": "
                            + (e instanceof ConnectException ? e.getMessage() : "no such file") + " (tried "
                            + (tries == 1 ? "once" : tries + " times in " + patience.toSeconds() + " s")
                            + "); start one, or say where its socket is", e);
                }
            }
            Thread.sleep(INTERVAL);
        }
    }

    private SocketChannel attempt() throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.configureBlocking(false);
            if (!channel.connect(UnixDomainSocketAddress.of(socket))) {
                throw new ConnectException("it takes no more connections at present");   // EAGAIN of a full backlog
            }
            return channel;
        } catch (ConnectException e) {
            channel.close();
            throw e;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw explained(e);
        }
    }

    /** The JDK has one exception for all else that connect(2) says, so the file is asked. */
    private IOException explained(Exception e) throws NoSuchFileException {
        try {
            var file = Files.readAttributes(socket, PosixFileAttributes.class);
            return unreachable("its owner is " + file.owner() + ":" + file.group() + ", its mode "
                    + PosixFilePermissions.toString(file.permissions()), e);
        } catch (NoSuchFileException absent) {
            throw absent;
        } catch (IOException unreadable) {
            return unreachable("its directory may not be entered", e);
        }
    }

    private DaemonUnreachableException unreachable(String more, Exception e) {
        return new DaemonUnreachableException("cannot use the socket " + socket + ": " + e.getMessage() + "; " + more
                + "; become a member of its group, or say where the right socket is", e);
    }
}
