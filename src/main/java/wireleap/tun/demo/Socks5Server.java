package wireleap.tun.demo;

import static wireleap.tun.demo.Socks5Wire.exactly;
import static wireleap.tun.demo.Socks5Wire.fully;
import static wireleap.tun.demo.Socks5Wire.octet;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A SOCKS 5 server (RFC 1928, RFC 1929): CONNECT and UDP ASSOCIATE to IPv4, IPv6 and named targets, half-close and
 * reset carried both ways, failures told by their codes. Runs in the namespace of the thread that opened it.
 */
public final class Socks5Server implements AutoCloseable {
    private static final int LOGIN_VERSION = 1;
    private static final int DIAL_MILLIS = 15_000;
    private static final InetSocketAddress NOWHERE = new InetSocketAddress("0.0.0.0", 0);

    private final Socks5Settings settings;
    private final TcpListener listener;
    private final AtomicLong connections = new AtomicLong();
    private final AtomicLong associations = new AtomicLong();

    private Socks5Server(Socks5Settings settings) throws IOException {
        this.settings = settings;
        listener = TcpListener.open(settings.listen(), this::serve);
    }

    /** Listens and serves until closed. @throws IOException when the address cannot be had */
    public static Socks5Server open(Socks5Settings settings) throws IOException {
        return new Socks5Server(settings);
    }

    /** Where it listens. */
    public InetSocketAddress address() throws IOException {
        return listener.address();
    }

    /** How many CONNECT requests have succeeded. */
    public long connections() {
        return connections.get();
    }

    /** How many UDP ASSOCIATE requests have succeeded. */
    public long associations() {
        return associations.get();
    }

    /** Serves one connection from its greeting to its end; also one that somebody else has accepted. */
    public void serve(SocketChannel client) throws IOException {
        if (!greeted(client) || octet(client) != Socks5Wire.VERSION) {
            return;
        }
        int command = octet(client);
        octet(client);
        var target = Socks5Wire.address(client);
        switch (command) {
            case Socks5Wire.CONNECT -> connect(client, target);
            case Socks5Wire.UDP_ASSOCIATE -> associate(client);
            default -> fully(client, Socks5Wire.reply(Socks5Wire.COMMAND_NOT_SUPPORTED, NOWHERE));
        }
    }

    /** RFC 1928 section 3: methods offered, one chosen. */
    private boolean greeted(SocketChannel client) throws IOException {
        if (octet(client) != Socks5Wire.VERSION) {
            return false;
        }
        int wanted = settings.login().isPresent() ? Socks5Wire.USER_PASSWORD : Socks5Wire.NO_AUTHENTICATION;
        var offered = exactly(client, octet(client));
        boolean common = false;
        while (offered.hasRemaining()) {
            common |= Byte.toUnsignedInt(offered.get()) == wanted;
        }
        int chosen = common ? wanted : Socks5Wire.NO_METHOD;
        fully(client, ByteBuffer.wrap(new byte[] {Socks5Wire.VERSION, (byte) chosen}));
        return common && (settings.login().isEmpty() || loggedIn(client, settings.login().get()));
    }

    /** RFC 1929 section 2: version, user, password; status 0 is success. */
    private static boolean loggedIn(SocketChannel client, Socks5Settings.Login login) throws IOException {
        boolean right = octet(client) == LOGIN_VERSION;
        right &= text(client).equals(login.user());
        right &= text(client).equals(login.password());
        fully(client, ByteBuffer.wrap(new byte[] {LOGIN_VERSION, (byte) (right ? 0 : 1)}));
        return right;
    }

    private static String text(SocketChannel client) throws IOException {
        return StandardCharsets.UTF_8.decode(exactly(client, octet(client))).toString();
    }

    private void connect(SocketChannel client, InetSocketAddress target) throws IOException {
        if (target.isUnresolved()) {
            fully(client, Socks5Wire.reply(Socks5Wire.HOST_UNREACHABLE, NOWHERE));
            return;
        }
        try (var outside = SocketChannel.open(Families.of(target.getAddress()))) {
            listener.tie(outside);
            int code = dial(outside, outgoing(target.getAddress()), target);
            boolean connected = code == Socks5Wire.SUCCEEDED;
            fully(client, Socks5Wire.reply(code, connected ? (InetSocketAddress) outside.getLocalAddress() : NOWHERE));
            if (connected) {
                connections.incrementAndGet();
                Splice.join(client, outside);
            }
        } catch (UnsupportedOperationException e) {
            fully(client, Socks5Wire.reply(Socks5Wire.ADDRESS_NOT_SUPPORTED, NOWHERE));
        }
    }

    /** The code of the reply (RFC 1928 section 6): what the kernel said, in the words of SOCKS. */
    private static int dial(SocketChannel outside, Optional<InetAddress> from, InetSocketAddress target)
            throws IOException {
        outside.setOption(StandardSocketOptions.TCP_NODELAY, true);
        try {
            if (from.isPresent()) {
                outside.bind(new InetSocketAddress(from.get(), 0));
            }
            outside.socket().connect(target, DIAL_MILLIS);
            return Socks5Wire.SUCCEEDED;
        } catch (SocketTimeoutException | NoRouteToHostException e) {
            return Socks5Wire.HOST_UNREACHABLE;
        } catch (ConnectException e) {
            return Socks5Wire.REFUSED;
        } catch (BindException e) {
            return Socks5Wire.FAILED;
        } catch (SocketException e) {
            return Socks5Wire.NETWORK_UNREACHABLE;
        }
    }

    private Optional<InetAddress> outgoing(InetAddress target) {
        return settings.outgoing().stream().filter(a -> Families.of(a) == Families.of(target)).findFirst();
    }

    private void associate(SocketChannel client) throws IOException {
        var near = ((InetSocketAddress) client.getLocalAddress()).getAddress();
        var peer = ((InetSocketAddress) client.getRemoteAddress()).getAddress();
        try (var relay = Socks5Relay.open(near, peer, settings.outgoing())) {
            associations.incrementAndGet();
            fully(client, Socks5Wire.reply(Socks5Wire.SUCCEEDED, relay.address()));
            while (client.read(ByteBuffer.allocate(64)) >= 0) {
                // The association lives as long as this connection (RFC 1928 section 6); nothing is said on it.
            }
        }
    }

    /** Stops listening and closes every connection. */
    @Override
    public void close() {
        listener.close();
    }
}
