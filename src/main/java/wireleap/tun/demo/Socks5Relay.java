package wireleap.tun.demo;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The datagrams of one UDP ASSOCIATE (RFC 1928 section 7): one socket towards the client, one a family towards the
 * world, and whatever comes to those goes to the client, whoever sent it (full cone). A thread a socket.
 *
 * <pre>
 * +-----+------+----------------+------+
 * | RSV | FRAG | address (ATYP) | DATA |
 * |  2  |  1   |    variable    |      |
 * +-----+------+----------------+------+
 * </pre>
 */
final class Socks5Relay implements AutoCloseable {
    private static final int DATAGRAM_BYTES = 65_535;
    private static final int HEADER_BYTES = 3;
    private static final Map<ProtocolFamily, InetAddress> ANY = Map.of(
            StandardProtocolFamily.INET, InetAddress.ofLiteral("0.0.0.0"),
            StandardProtocolFamily.INET6, InetAddress.ofLiteral("::"));
    private static final int SOCKET_BUFFER_BYTES = 4 << 20;

    private final InetAddress peer;
    private final DatagramChannel near;
    private final Map<ProtocolFamily, DatagramChannel> far = new HashMap<>();
    /** Where the client's last datagram came from; null until there was one. */
    private volatile InetSocketAddress client;

    private Socks5Relay(DatagramChannel near, InetAddress peer) {
        this.near = near;
        this.peer = peer;
    }

    /**
     * Binds beside the control connection and begins.
     *
     * @param at the address that the client knows of this server
     * @param peer the client: datagrams from others are dropped
     * @param outgoing the addresses to go out from, at most one a family
     */
    static Socks5Relay open(InetAddress at, InetAddress peer, List<InetAddress> outgoing) throws IOException {
        var relay = new Socks5Relay(socket(Families.of(at), at), peer);
        try {
            for (var family : List.of(StandardProtocolFamily.INET, StandardProtocolFamily.INET6)) {
                relay.openFar(family, outgoing);
            }
        } catch (IOException e) {
            relay.close();
            throw e;
        }
        Thread.ofPlatform().daemon().name("relay from " + peer).start(relay::outward);
        relay.far.values().forEach(socket ->
                Thread.ofPlatform().daemon().name("relay to " + peer).start(() -> relay.homeward(socket)));
        return relay;
    }

    private void openFar(ProtocolFamily family, List<InetAddress> outgoing) throws IOException {
        var from = outgoing.stream().filter(a -> Families.of(a) == family).findFirst();
        try {
            far.put(family, socket(family, from.orElse(ANY.get(family))));
        } catch (UnsupportedOperationException e) {
            // This machine lacks the family: what would go there is dropped.
        }
    }

    private static DatagramChannel socket(ProtocolFamily family, InetAddress at) throws IOException {
        var socket = DatagramChannel.open(family);
        socket.setOption(StandardSocketOptions.SO_RCVBUF, SOCKET_BUFFER_BYTES);
        socket.setOption(StandardSocketOptions.SO_SNDBUF, SOCKET_BUFFER_BYTES);
        return socket.bind(new InetSocketAddress(at, 0));
    }

    /** Where the client sends its datagrams to. */
    InetSocketAddress address() throws IOException {
        return (InetSocketAddress) near.getLocalAddress();
    }

    private void outward() {
        var datagram = ByteBuffer.allocateDirect(DATAGRAM_BYTES);
        while (near.isOpen()) {
            try {
                var from = (InetSocketAddress) near.receive(datagram.clear());
                datagram.flip();
                if (from.getAddress().equals(peer) && datagram.remaining() > HEADER_BYTES && unfragmented(datagram)) {
                    client = from;
                    forward(datagram);
                }
            } catch (IOException e) {
                // This datagram is lost, as datagrams may be; or the association is over and the loop ends.
            }
        }
    }

    private static boolean unfragmented(ByteBuffer datagram) {
        datagram.getShort();
        return datagram.get() == 0;
    }

    private void forward(ByteBuffer datagram) throws IOException {
        var target = Socks5Wire.address(datagram);
        var socket = target.isUnresolved() ? null : far.get(Families.of(target.getAddress()));
        if (socket != null) {
            socket.send(datagram, target);
        }
    }

    private void homeward(DatagramChannel socket) {
        var payload = ByteBuffer.allocateDirect(DATAGRAM_BYTES);
        var wrapped = ByteBuffer.allocateDirect(DATAGRAM_BYTES);
        while (socket.isOpen()) {
            try {
                var from = (InetSocketAddress) socket.receive(payload.clear());
                Socks5Wire.put(wrapped.clear().putShort((short) 0).put((byte) 0), from);
                var home = client;
                if (home != null && payload.flip().remaining() <= wrapped.remaining()) {
                    near.send(wrapped.put(payload).flip(), home);
                }
            } catch (IOException e) {
                // As above: lost, or over.
            }
        }
    }

    /** Closes its sockets; its threads end by that. */
    @Override
    public void close() throws IOException {
        near.close();
        for (var socket : far.values()) {
            socket.close();
        }
    }
}
