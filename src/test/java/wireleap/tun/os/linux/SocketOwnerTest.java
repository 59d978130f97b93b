package wireleap.tun.os.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import wireleap.tun.os.Errno;
import wireleap.tun.os.ErrnoException;

/** Who is said to listen on a socket. */
class SocketOwnerTest {
    @TempDir
    private Path directory;
    private Path socket;
    private ServerSocketChannel listener;
    private final List<SocketChannel> waiting = new ArrayList<>();

    @BeforeEach
    void listen() throws Exception {
        socket = directory.resolve("s");
        listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket), 1);
    }

    @AfterEach
    void close() throws Exception {
        listener.close();
        for (SocketChannel channel : waiting) {
            channel.close();
        }
    }

    private long owner() throws ErrnoException {
        return SocketOwner.of(socket.toString()).orElseThrow().pid();
    }

    /** Until no more may wait to be accepted. */
    private void fill() {
        assertThrows(SocketException.class, () -> {
            while (true) {
                SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
                waiting.add(channel);
                channel.configureBlocking(false);
                channel.connect(UnixDomainSocketAddress.of(socket));
            }
        });
    }

    @Test
    void whoListensIsTold() throws Exception {
        assertEquals(ProcessHandle.current().pid(), owner());
    }

    @Test
    void whereNobodyListensNobodyIsTold() throws Exception {
        listener.close();
        assertEquals(Optional.empty(), SocketOwner.of(socket.toString()));
    }

    @Test
    void whereTooManyWaitItIsNotSaidThatNobodyListens() {
        fill();
        assertEquals(Errno.EAGAIN, assertThrows(ErrnoException.class, this::owner).errno());
    }

    @Test
    void whereTooManyWaitForAMomentWhoListensIsTold() throws Exception {
        fill();
        CompletableFuture<Long> owner = CompletableFuture.supplyAsync(() -> {
            try {
                return owner();
            } catch (ErrnoException e) {
                throw new AssertionError(e);
            }
        });
        for (int accepted = 0; accepted < waiting.size() - 1; accepted++) {
            listener.accept().close();
        }
        assertEquals(ProcessHandle.current().pid(), owner.get());
    }
}
