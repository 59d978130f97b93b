package wireleap.tun.train;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import wireleap.tun.demo.TcpListener;

/**
 * A SOCKS5 server (RFC 1928, RFC 1929) on loopback that lets everybody in and connects to nobody: whatever the target,
 * it sends back what it is sent. One thread a connection; knows no IPv6 targets and no errors.
 */
public final class EchoProxy implements AutoCloseable {
    private static final InetSocketAddress LOOPBACK = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private static final int USER_PASSWORD = 2;
    private static final int CONNECT = 1;
    /** Version, command, reserved, kind of address, IPv4 address, port. */
    private static final int REQUEST_BYTES = 10;
    private static final int LARGEST_DATAGRAM = 65_535;

    private final TcpListener listener;

    private EchoProxy(TcpListener listener) {
        this.listener = listener;
    }

    /** Listens at a free port. */
    public static EchoProxy open() throws IOException {
        return new EchoProxy(TcpListener.open(LOOPBACK, EchoProxy::serve));
    }

    /** Where it listens. */
    public int port() throws IOException {
        return listener.address().getPort();
    }

    private static void serve(SocketChannel client) throws IOException {
        skip(client, octets(client, 2).get(1));
        write(client, 5, USER_PASSWORD);
        skip(client, octets(client, 2).get(1));
        skip(client, octets(client, 1).get(0));
        write(client, 1, 0);
        int command = octets(client, REQUEST_BYTES).get(1);
        if (command == CONNECT) {
            reply(client, 0);
            ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
            while (client.read(buffer.clear()) >= 0) {
                client.write(buffer.flip());
            }
        } else {
            associate(client);
        }
    }

    /** A datagram comes with its target before it, and goes back as from there: RFC 1928 section 7. */
    private static void associate(SocketChannel client) throws IOException {
        try (DatagramChannel relay = DatagramChannel.open().bind(LOOPBACK)) {
            Thread.ofPlatform().daemon().name("echo").start(() -> echo(relay));
            reply(client, ((InetSocketAddress) relay.getLocalAddress()).getPort());
            while (client.read(ByteBuffer.allocate(64)) >= 0) {
                // The association lives as long as this connection: RFC 1928 section 6.
            }
        }
    }

    private static void echo(DatagramChannel relay) {
        ByteBuffer buffer = ByteBuffer.allocate(LARGEST_DATAGRAM);
        try {
            while (true) {
                InetSocketAddress from = (InetSocketAddress) relay.receive(buffer.clear());
                relay.send(buffer.flip(), from);
            }
        } catch (IOException e) {
            // The association is over.
        }
    }

    private static void reply(SocketChannel client, int port) throws IOException {
        write(client, 5, 0, 0, 1, 127, 0, 0, 1, port >>> 8, port);
    }

    private static void write(SocketChannel client, int... octets) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(octets.length);
        for (int octet : octets) {
            bytes.put((byte) octet);
        }
        client.write(bytes.flip());
    }

    private static void skip(SocketChannel client, int count) throws IOException {
        octets(client, count);
    }

    private static ByteBuffer octets(SocketChannel client, int count) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(count);
        while (bytes.hasRemaining()) {
            if (client.read(bytes) < 0) {
                throw new IOException("the client ended in the middle of a request");
            }
        }
        return bytes.flip();
    }

    /** Ends all connections. */
    @Override
    public void close() {
        listener.close();
    }
}
