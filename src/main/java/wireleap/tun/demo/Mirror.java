package wireleap.tun.demo;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/**
 * Tells everybody the address that they come from: by HTTP over TCP, and by UDP at the same port. So one sees whether a
 * request came through the proxy or around it. Runs in the namespace of the thread that opened it.
 */
public final class Mirror implements AutoCloseable {
    private static final int DATAGRAM_BYTES = 65_535;

    private final TcpListener listener;
    private final DatagramChannel datagrams;

    private Mirror(TcpListener listener, DatagramChannel datagrams) {
        this.listener = listener;
        this.datagrams = datagrams;
    }

    /** Listens at an address for TCP and UDP. */
    public static Mirror open(InetSocketAddress at) throws IOException {
        var listener = TcpListener.open(at, Mirror::answer);
        try {
            var datagrams = DatagramChannel.open(Families.of(at.getAddress())).bind(listener.address());
            var mirror = new Mirror(listener, datagrams);
            Thread.ofPlatform().daemon().name("mirror " + at).start(mirror::answerDatagrams);
            return mirror;
        } catch (IOException e) {
            listener.close();
            throw e;
        }
    }

    /** Reads a request up to the empty line, answers with the address of the peer, and ends. */
    private static void answer(SocketChannel connection) throws IOException {
        var request = new StringBuilder();
        var buffer = ByteBuffer.allocate(4096);
        while (request.indexOf("\r\n\r\n") < 0 && connection.read(buffer.clear()) >= 0) {
            request.append(StandardCharsets.US_ASCII.decode(buffer.flip()));
        }
        String body = text(((InetSocketAddress) connection.getRemoteAddress()).getAddress());
        String response = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + body.length()
                + "\r\nConnection: close\r\n\r\n" + body;
        Socks5Wire.fully(connection, ByteBuffer.wrap(response.getBytes(StandardCharsets.US_ASCII)));
    }

    private void answerDatagrams() {
        var buffer = ByteBuffer.allocate(DATAGRAM_BYTES);
        while (datagrams.isOpen()) {
            try {
                var from = (InetSocketAddress) datagrams.receive(buffer.clear());
                datagrams.send(ByteBuffer.wrap(text(from.getAddress()).getBytes(StandardCharsets.US_ASCII)), from);
            } catch (IOException e) {
                // An answer lost, or closed and the loop ends.
            }
        }
    }

    private static String text(InetAddress address) {
        return address.getHostAddress();
    }

    /** Where it listens, for both protocols. */
    public InetSocketAddress address() throws IOException {
        return listener.address();
    }

    /** Stops listening. */
    @Override
    public void close() throws IOException {
        listener.close();
        datagrams.close();
    }
}
