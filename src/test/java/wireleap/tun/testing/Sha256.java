package wireleap.tun.testing;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Random;

/** Streams of noise, and their SHA-256 at both ends. */
public final class Sha256 {
    /** No power of two, so that bytes which land a ring or a segment away from their place are noticed. */
    private static final int BLOCK_BYTES = (1 << 20) + 13;

    private Sha256() {
    }

    /** Sends so many bytes and gives their digest. Ends nothing. */
    public static String send(SocketChannel to, long bytes, long seed) throws IOException {
        var noise = new byte[BLOCK_BYTES];
        new Random(seed).nextBytes(noise);
        var block = ByteBuffer.allocateDirect(BLOCK_BYTES).put(noise);
        var digest = digest();
        for (long left = bytes; left > 0; left -= BLOCK_BYTES) {
            block.position(0).limit((int) Math.min(left, BLOCK_BYTES));
            digest.update(block.duplicate());
            while (block.hasRemaining()) {
                to.write(block);
            }
        }
        return hex(digest);
    }

    /** Reads to the end of the stream and gives its digest. */
    public static String receive(SocketChannel from) throws IOException {
        var block = ByteBuffer.allocateDirect(BLOCK_BYTES);
        var digest = digest();
        while (from.read(block.clear()) >= 0) {
            digest.update(block.flip());
        }
        return hex(digest);
    }

    private static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private static String hex(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }
}
