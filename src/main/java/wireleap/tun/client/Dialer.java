package wireleap.tun.client;

import java.io.IOException;
import java.net.SocketException;
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
            } catch (SocketException e) {
                requireHope(e);
                if (System.nanoTime() - startNanos + INTERVAL.toNanos() > patience.toNanos()) {
                    String tried = tries == 1 ? "once" : tries + " times in " + patience.toMillis() / 1000.0 + " s";
                    throw new DaemonUnreachableException("no daemon on the socket " + socket + ": " + e.getMessage()
                            + " (tried " + tried + "); start one, or say where its socket is", e);
                }
            }
            Thread.sleep(INTERVAL);
        }
    }

    /** Never blocks: where a hanging daemon's backlog is full, connect(2) says so, as a SocketException. */
    private SocketChannel attempt() throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.configureBlocking(false);
            channel.connect(UnixDomainSocketAddress.of(socket));
            return channel;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Waiting helps while the socket is absent or refuses, not where we may not use it. Only the file tells. */
    private void requireHope(SocketException e) throws DaemonUnreachableException {
        try {
            var file = Files.readAttributes(socket, PosixFileAttributes.class);
            if (!Files.isWritable(socket)) {
                throw unreachable("its owner is " + file.owner() + ":" + file.group() + ", its mode "
                        + PosixFilePermissions.toString(file.permissions()), e);
            }
        } catch (DaemonUnreachableException known) {
            throw known;
        } catch (NoSuchFileException absent) {
            return;
        } catch (IOException unreadable) {
            throw unreachable("its directory may not be entered", e);
        }
    }

    private DaemonUnreachableException unreachable(String more, SocketException e) {
        return new DaemonUnreachableException("the socket " + socket + " may not be used: " + e.getMessage() + "; "
                + more + "; become a member of its group, or say where the right socket is", e);
    }
}
