package wireleap.tun.testing;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import wireleap.tun.demo.Socks5Server;
import wireleap.tun.demo.Socks5Settings;

/** What a daemon under test can go out by. */
public enum Upstream {
    /** No proxy: the daemon dials by itself. */
    DIRECT(true, 0) {
        @Override
        void start(TestNet net) {
            // Nothing to start.
        }
    },
    /** The one of our own. */
    OWN(true, 1080) {
        @Override
        void start(TestNet net) throws IOException, InterruptedException {
            var settings = Socks5Settings.at(new InetSocketAddress(TestNet.PROXY_4, port))
                    .withOutgoing(TestNet.PROXY_4, TestNet.PROXY_6);
            net.tied(net.outside().call(() -> Socks5Server.open(settings)));
        }
    },
    /** Debian's dante-server. */
    DANTE(true, 1081) {
        @Override
        void start(TestNet net) throws IOException, InterruptedException {
            var configuration = net.directory().resolve("danted.conf");
            Files.writeString(configuration, DANTE_CONFIGURATION.formatted(net.directory(), port));
            run(net, "danted", "-f", configuration.toString(), "-p", net.directory().resolve("danted.pid").toString());
        }
    },
    /** CONNECT alone. */
    MICROSOCKS(false, 1082) {
        @Override
        void start(TestNet net) throws IOException, InterruptedException {
            run(net, "microsocks", "-i", TestNet.PROXY_4.getHostAddress(), "-p", Integer.toString(port));
        }
    };

    private static final String DANTE_CONFIGURATION = """
            logoutput: %s/danted.log
            internal: 10.77.0.1 port = %d
            external: 10.77.0.1
            external: fd77::1
            socksmethod: none
            clientmethod: none
            udp.connectdst: no
            user.privileged: root
            user.unprivileged: nobody
            client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
            socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 command: connect udpassociate udpreply }
            socks pass { from: 0.0.0.0/0 to: ::/0 command: connect udpassociate udpreply }
            socks pass { from: ::/0 to: 0.0.0.0/0 command: udpreply }
            """;

    final int port;
    private final boolean datagrams;

    Upstream(boolean datagrams, int port) {
        this.datagrams = datagrams;
        this.port = port;
    }

    abstract void start(TestNet net) throws IOException, InterruptedException;

    /** Starts it outside, if there is something to start, and waits until it listens. The value of --upstream. */
    public String open(TestNet net) throws IOException, InterruptedException {
        start(net);
        if (this == DIRECT) {
            return "direct";
        }
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (!net.inside().call(this::listens)) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError(this + " does not listen");
            }
            Thread.sleep(20);
        }
        return "socks5://" + TestNet.PROXY_4.getHostAddress() + ":" + port;
    }

    private boolean listens() {
        try (var socket = new Socket(TestNet.PROXY_4, port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    /** Where the proxy listens. */
    public InetSocketAddress address() {
        return new InetSocketAddress(TestNet.PROXY_4, port);
    }

    /** Whether it carries datagrams. */
    public boolean datagrams() {
        return datagrams;
    }

    private static void run(TestNet net, String... command) throws IOException, InterruptedException {
        command[0] = Requirement.program(command[0]).orElseThrow().toString();
        net.outside().start(new ProcessBuilder(command)
                .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD));
    }
}
