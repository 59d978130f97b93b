package wireleap.tun.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import wireleap.tun.demo.TcpListener;

/**
 * The first relay of a broker's circuit, outside: it is told a target in a line, HOST:PORT, and carries from then on. To
 * the target it comes from the address that it listens at.
 */
public final class Relay {
    private final InetSocketAddress at;
    private final Set<InetAddress> clients = ConcurrentHashMap.newKeySet();

    private Relay(InetSocketAddress at) {
        this.at = at;
    }

    /** Listens, as long as the net is there. */
    public static Relay open(TestNet net, InetSocketAddress at) throws IOException, InterruptedException {
        Relay relay = new Relay(at);
        net.tied(net.outside().call(() -> TcpListener.open(at, relay::serve)));
        return relay;
    }

    private void serve(SocketChannel client) throws IOException {
        clients.add(((InetSocketAddress) client.getRemoteAddress()).getAddress());
        var in = client.socket().getInputStream();
        var line = new StringBuilder();
        for (int octet = in.read(); octet != '\n' && octet >= 0; octet = in.read()) {
            line.append((char) octet);
        }
        int colon = line.lastIndexOf(":");
        try (var target = SocketChannel.open()) {
            target.bind(new InetSocketAddress(at.getAddress(), 0));
            target.connect(new InetSocketAddress(line.substring(0, colon), Integer.parseInt(line.substring(colon + 1))));
            Thread.ofPlatform().daemon().name("relay back").start(() -> carry(target, client));
            carry(client, target);
        }
    }

    /** Until one of them ends; then both do. */
    private static void carry(SocketChannel from, SocketChannel to) {
        try (from; to) {
            from.socket().getInputStream().transferTo(to.socket().getOutputStream());
        } catch (IOException e) {
            // One has broken off, which is its end.
        }
    }

    /** Where it listens, HOST:PORT. */
    public String text() {
        return address() + ":" + at.getPort();
    }

    /** Where it listens, and whence targets see it come. */
    public String address() {
        return at.getAddress().getHostAddress();
    }

    /** Where all who came to it came from. */
    public Set<InetAddress> clients() {
        return clients;
    }
}
