package wireleap.tun.fuzz;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import wireleap.tun.upstream.Link;
import wireleap.tun.upstream.LinkOwner;
import wireleap.tun.upstream.SocketError;

/**
 * A stream socket whose kernel and server do what the fuzzer says, within what a kernel can do. That the core keeps to the
 * rules of {@link Link} is asserted.
 */
final class HostileStream implements Link {
    private static final int MOST_HELD = 1 << 20;
    /** Small pieces in a row: a kernel cuts where the network did, not every byte of a long stream. */
    private static final int MOST_PIECES = 64;

    private final HostileLinks links;
    private LinkOwner owner;
    private final boolean peeks;
    private int connectResult;
    /** 0, or the error that ended the socket. */
    private int error;
    /** Bytes that are taken before the next AGAIN. */
    private int room = 1 << 16;
    /** The most bytes that one call takes or gives. */
    private int chunk = 1 << 20;
    /** Calls that may still be cut to a chunk until the fuzzer says something again. */
    private int pieces = MOST_PIECES;
    /** What can be received: first these bytes, then so many more of a pattern. */
    private byte[] said = {};
    private int patternBytes;
    private int peekAt;
    private boolean ended;
    private boolean shutDown;
    private boolean gone;

    HostileStream(HostileLinks links, LinkOwner owner, boolean peeks, int connectResult) {
        this.links = links;
        this.owner = owner;
        this.peeks = peeks;
        this.connectResult = connectResult;
    }

    // what the fuzzer says

    void obey(Input input, long nowNanos) {
        pieces = MOST_PIECES;
        switch (input.u8() % 12) {
            case 0 -> connected(0, nowNanos);
            case 1 -> connected(HostileLinks.error(input.u8()), nowNanos);
            case 2 -> {
                patternBytes = Math.min(MOST_HELD, patternBytes + input.u16() * 8);
                tell(LinkOwner.READABLE, nowNanos);
            }
            case 3 -> say(input.bytes(input.u8()), nowNanos);
            case 4 -> say(answer(input.u8()), nowNanos);
            case 5 -> {
                room = Math.min(MOST_HELD, room + input.u16() * 4);
                tell(LinkOwner.WRITABLE, nowNanos);
            }
            case 6 -> {
                ended = true;
                tell(LinkOwner.READABLE, nowNanos);
            }
            case 7 -> fail(HostileLinks.error(input.u8()), nowNanos);
            case 8 -> tell(input.u8() & 7, nowNanos);
            case 9 -> chunk = 1 + input.u16();
            case 10 -> {
                byte[] message = Place.question(input.u8(), true);
                say(new byte[] {0, (byte) message.length}, nowNanos);
                say(message, nowNanos);
            }
            default -> room = 0;
        }
    }

    private void connected(int result, long nowNanos) {
        if (connectResult == SocketError.AGAIN) {
            connectResult = result;
            error = result;
        }
        tell(result == 0 ? LinkOwner.WRITABLE : HostileLinks.ALL, nowNanos);
    }

    void say(byte[] bytes, long nowNanos) {
        if (patternBytes == 0 && said.length < 1 << 12) {
            byte[] all = Arrays.copyOf(said, said.length + bytes.length);
            System.arraycopy(bytes, 0, all, said.length, bytes.length);
            said = all;
        }
        tell(LinkOwner.READABLE, nowNanos);
    }

    /** What a SOCKS5 server would say: RFC 1928 sections 3 and 6, RFC 1929 section 2. */
    private static byte[] answer(int choice) {
        return switch (choice & 7) {
            case 0, 1 -> new byte[] {5, 0};
            case 2 -> new byte[] {5, 2};
            case 3 -> new byte[] {1, 0};
            case 4, 5 -> new byte[] {5, 0, 0, 1, (byte) 192, 0, 2, 1, 4, 56};
            case 6 -> new byte[] {5, (byte) (choice >> 3), 0, 1, 0, 0, 0, 0, 0, 0};
            default -> {
                ByteArrayOutputStream named = new ByteArrayOutputStream();
                named.writeBytes(new byte[] {5, 0, 0, 3, (byte) (choice >> 3)});
                named.writeBytes(new byte[(choice >> 3) + 2]);
                yield named.toByteArray();
            }
        };
    }

    private void fail(int why, long nowNanos) {
        if (error == 0) {
            error = why;
        }
        tell(HostileLinks.ALL, nowNanos);
    }

    private void tell(int events, long nowNanos) {
        if (!gone) {
            owner.onReady(events, nowNanos);
        }
    }

    // what the core does

    @Override
    public int connectResult() {
        alive();
        return connectResult;
    }

    @Override
    public int send(MemorySegment memory, long offset, int length) {
        alive();
        HostileLinks.mustBe(connectResult == 0 && !shutDown && length > 0, "send");
        HostileLinks.touch(memory, offset, length);
        if (error != 0) {
            return error;
        }
        int taken = cut(Math.min(room, length));
        room -= taken;
        return taken == 0 ? SocketError.AGAIN : taken;
    }

    @Override
    public int recv(MemorySegment memory, long offset, int length) {
        alive();
        HostileLinks.mustBe(connectResult == 0 && length > 0, "recv");
        HostileLinks.touch(memory, offset, length);
        int given = cut(Math.min(said.length + patternBytes, length));
        if (given == 0) {
            return nothing();
        }
        MemorySegment.copy(said, 0, memory, ValueLayout.JAVA_BYTE, offset, Math.min(given, said.length));
        drop(given);
        return given;
    }

    /** So many bytes, or a piece of them. */
    private int cut(int bytes) {
        return bytes <= chunk || pieces-- <= 0 ? bytes : chunk;
    }

    private int nothing() {
        return error != 0 ? error : ended ? 0 : SocketError.AGAIN;
    }

    private void drop(int count) {
        int first = Math.min(count, said.length);
        said = Arrays.copyOfRange(said, first, said.length);
        patternBytes -= count - first;
        peekAt = Math.max(0, peekAt - count);
    }

    @Override
    public boolean peeks() {
        alive();
        return peeks;
    }

    @Override
    public int peekFrom(int position) {
        alive();
        HostileLinks.mustBe(peeks && position >= 0, "peekFrom");
        peekAt = position;
        return 0;
    }

    @Override
    public int peek(MemorySegment memory, long offset, int length) {
        alive();
        HostileLinks.mustBe(peeks && connectResult == 0 && length > 0, "peek");
        HostileLinks.touch(memory, offset, length);
        int given = cut(Math.min(Math.max(0, said.length + patternBytes - peekAt), length));
        if (given == 0) {
            return nothing();
        }
        peekAt += given;
        return given;
    }

    @Override
    public int discard(int length) {
        alive();
        HostileLinks.mustBe(peeks && length > 0, "discard");
        int gone = cut(Math.min(said.length + patternBytes, length));
        if (gone == 0) {
            return nothing();
        }
        drop(gone);
        return gone;
    }

    @Override
    public void passTo(LinkOwner owner) {
        alive();
        this.owner = owner;
    }

    @Override
    public void shutdownWrite() {
        alive();
        HostileLinks.mustBe(!shutDown, "a second shutdown");
        shutDown = true;
    }

    @Override
    public void reset() {
        close();
    }

    @Override
    public void close() {
        alive();
        gone = true;
        links.streams.remove(this);
    }

    private void alive() {
        HostileLinks.mustBe(!gone, "use after the end");
    }
}
