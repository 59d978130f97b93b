package wireleap.tun.h2;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import wireleap.tun.testing.UnpeekedLink;
import wireleap.tun.upstream.DatagramLink;
import wireleap.tun.upstream.Link;
import wireleap.tun.upstream.LinkOwner;
import wireleap.tun.upstream.Links;
import wireleap.tun.upstream.SocketError;

/** One link: a socket of the JDK to a port of this host, in the namespace of the thread. All further ones are refused. */
final class RealLinks implements Links, UnpeekedLink {
    private static final long TICK_MILLIS = 10;

    private final Selector selector = selector();
    private SocketChannel socket;
    private LinkOwner owner;
    private boolean refused;
    private boolean finished;

    private static Selector selector() {
        try {
            return Selector.open();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether the link was made and may still be written to. */
    boolean isOpen() {
        return socket != null && socket.isOpen() && !finished;
    }

    /** Waits a little for something to do, and has it done. */
    void turn() throws IOException {
        selector.select(TICK_MILLIS);
        selector.selectedKeys().clear();
        owner.onReady(LinkOwner.READABLE | LinkOwner.WRITABLE, System.nanoTime());
    }

    @Override
    public Link connect(long hi, long lo, int port, LinkOwner owner) {
        this.owner = owner;
        refused = socket != null;
        if (refused) {
            return this;
        }
        try {
            socket = SocketChannel.open();
            socket.configureBlocking(false);
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            socket.register(selector, SelectionKey.OP_CONNECT);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void passTo(LinkOwner owner) {
        throw new AssertionError("a connection stays whose it is");
    }

    @Override
    public int connectResult() {
        try {
            if (refused || !socket.finishConnect()) {
                return refused ? SocketError.REFUSED : SocketError.AGAIN;
            }
            socket.register(selector, SelectionKey.OP_READ);
            return 0;
        } catch (IOException e) {
            return SocketError.REFUSED;
        }
    }

    @Override
    public int send(MemorySegment memory, long offset, int length) {
        try {
            int sent = socket.write(memory.asSlice(offset, length).asByteBuffer());
            return sent == 0 ? SocketError.AGAIN : sent;
        } catch (IOException e) {
            return SocketError.RESET;
        }
    }

    @Override
    public int recv(MemorySegment memory, long offset, int length) {
        try {
            int came = socket.read(memory.asSlice(offset, length).asByteBuffer());
            return came == 0 ? SocketError.AGAIN : Math.max(came, 0);
        } catch (IOException e) {
            return SocketError.RESET;
        }
    }

    @Override
    public void shutdownWrite() {
        finished = true;
        try {
            socket.shutdownOutput();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void reset() {
        close();
    }

    @Override
    public void close() {
        try {
            socket.close();
            selector.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public DatagramLink datagrams(boolean v6, LinkOwner owner) {
        throw new AssertionError("a broker is a stream");
    }

    @Override
    public DatagramLink connectedDatagrams(long hi, long lo, int port, LinkOwner owner) {
        throw new AssertionError("a broker is a stream");
    }
}
