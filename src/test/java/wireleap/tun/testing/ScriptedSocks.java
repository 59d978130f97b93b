package wireleap.tun.testing;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import wireleap.tun.demo.Socks5Server;
import wireleap.tun.demo.Socks5Settings;
import wireleap.tun.demo.Socks5Wire;
import wireleap.tun.demo.TcpListener;

/** A SOCKS server that does with the next connections what a test says, and serves all others as it should. */
public final class ScriptedSocks implements AutoCloseable {
    /** What happens to one connection; it is closed afterwards. */
    @FunctionalInterface
    public interface Script {
        /** Anything that a server could do. */
        void run(SocketChannel client) throws IOException;
    }

    private final Queue<Script> scripts = new ConcurrentLinkedQueue<>();
    private final Socks5Server good;
    private final TcpListener listener;

    private ScriptedSocks(InetSocketAddress at) throws IOException {
        good = Socks5Server.open(Socks5Settings.at(new InetSocketAddress(at.getAddress(), 0)));
        listener = TcpListener.open(at, this::serve);
    }

    /** Listens outside where {@link Upstream#OWN} would. */
    public static ScriptedSocks open(TestNet net) throws IOException, InterruptedException {
        return net.tied(net.outside().call(() -> new ScriptedSocks(Upstream.OWN.address())));
    }

    /** The next connections are for these, one each. */
    public void next(Script... next) {
        scripts.addAll(List.of(next));
    }

    private void serve(SocketChannel client) throws IOException {
        var script = scripts.poll();
        if (script == null) {
            good.serve(client);
        } else {
            script.run(client);
        }
    }

    /** Sends bytes. */
    public static void say(SocketChannel client, int... octets) throws IOException {
        var bytes = ByteBuffer.allocate(octets.length);
        for (int octet : octets) {
            bytes.put((byte) octet);
        }
        Socks5Wire.fully(client, bytes.flip());
    }

    /** Takes a greeting and chooses "no authentication". */
    public static void greet(SocketChannel client) throws IOException {
        Socks5Wire.octet(client);
        Socks5Wire.exactly(client, Socks5Wire.octet(client));
        say(client, Socks5Wire.VERSION, Socks5Wire.NO_AUTHENTICATION);
    }

    /** Takes greeting and request; nothing is answered to the latter. */
    public static void takeRequest(SocketChannel client) throws IOException {
        greet(client);
        Socks5Wire.exactly(client, 3);
        Socks5Wire.address(client);
    }

    /** Takes greeting and request and answers with a code. */
    public static void reply(SocketChannel client, int code) throws IOException {
        takeRequest(client);
        Socks5Wire.fully(client, Socks5Wire.reply(code, new InetSocketAddress("0.0.0.0", 0)));
    }

    /** Waits until the client closes. */
    public static void hang(SocketChannel client) throws IOException {
        while (client.read(ByteBuffer.allocate(4096)) >= 0) {
            // Whatever is said is not listened to.
        }
    }

    @Override
    public void close() {
        listener.close();
        good.close();
    }
}
