package wireleap.tun.demo;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * Two connections joined: bytes both ways, each direction's end by itself (half-close), and a reset of either as a
 * reset of the other. Two threads: the caller's and one more; 128 KiB off the heap each.
 */
final class Splice {
    private static final int BUFFER_BYTES = 128 << 10;

    private final SocketChannel one;
    private final SocketChannel other;

    private Splice(SocketChannel one, SocketChannel other) {
        this.one = one;
        this.other = other;
    }

    /** Carries until both directions have ended or one connection has failed; both are closed then. */
    static void join(SocketChannel one, SocketChannel other) throws IOException {
        var splice = new Splice(one, other);
        var back = Thread.ofPlatform().daemon().name(Thread.currentThread().getName() + " back")
                .start(() -> splice.carry(other, one));
        splice.carry(one, other);
        boolean interrupted = false;
        while (back.isAlive()) {
            try {
                back.join();
            } catch (InterruptedException e) {
                interrupted = true;
                splice.reset();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        one.close();
        other.close();
    }

    private void carry(SocketChannel from, SocketChannel to) {
        var buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
        try {
            while (from.read(buffer) >= 0) {
                Socks5Wire.fully(to, buffer.flip());
                buffer.clear();
            }
            to.shutdownOutput();
        } catch (IOException e) {
            reset();
        }
    }

    /** Closes both with RST instead of FIN. */
    private void reset() {
        reset(one);
        reset(other);
    }

    private static void reset(SocketChannel connection) {
        try (connection) {
            connection.setOption(StandardSocketOptions.SO_LINGER, 0);
        } catch (IOException e) {
            // Closed already by the other direction's thread.
        }
    }
}
