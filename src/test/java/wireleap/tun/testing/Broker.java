package wireleap.tun.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import wireleap.tun.demo.Namespace;

/** A broker outside, behaving as Wireleap's: a program of the tests with an HTTP/2 server that is not ours. */
public final class Broker {
    /** Whose server it has. */
    public enum Server {
        /** Go's library, as Wireleap's own broker: {@code src/test/go/broker}. */
        GO {
            @Override
            List<String> command(TestNet net) throws IOException, InterruptedException {
                return List.of(GoProgram.build(net, "broker", "main.go").toString());
            }
        },
        /** Eclipse Jetty. */
        JETTY {
            @Override
            List<String> command(TestNet net) {
                return List.of(ProcessHandle.current().info().command().orElseThrow(), "-XX:+UseSerialGC", "-Xmx512m",
                        "-cp", System.getProperty("java.class.path"), JettyBroker.class.getName());
            }
        };

        /** How the program is started, its arguments to follow; what it needs is made first. */
        abstract List<String> command(TestNet net) throws IOException, InterruptedException;
    }

    /** A flow to this port ends with an error status behind its target's first bytes. */
    public static final int BROKEN_PORT = 6666;

    private static final int PORT = 13_490;

    private final TestNet net;
    private final List<String> command;
    private Process process;

    private Broker(TestNet net, List<String> command) {
        this.net = net;
        this.command = command;
    }

    /** Not running yet. The test is skipped where Go is wanted and there is none. */
    public static Broker of(Server server, TestNet net) throws IOException, InterruptedException {
        return new Broker(net, server.command(net));
    }

    /** Starts it outside and waits until it listens. The value of --upstream. */
    public String start() throws IOException, InterruptedException {
        start(net.outside(), List.of(), TestNet.PROXY_4);
        return uri();
    }

    /**
     * Starts it inside as Wireleap's controller has it, on loopback and without any privilege, and waits until it listens.
     * The one with Go's server alone knows how.
     *
     * @param circuit the file that holds the address and port of the {@link Relay} by which it reaches its targets
     */
    public void startOnLoopback(Path circuit) throws IOException, InterruptedException {
        start(net.inside(), List.of("setpriv", "--reuid=" + Controller.USER, "--regid=" + Controller.GROUP,
                "--clear-groups"), InetAddress.ofLiteral("127.0.0.1"), circuit.toString());
    }

    private void start(Namespace where, List<String> prefix, InetAddress at, String... more)
            throws IOException, InterruptedException {
        var all = new ArrayList<>(prefix);
        all.addAll(command);
        all.addAll(List.of(at(at), Integer.toString(BROKEN_PORT)));
        all.addAll(List.of(more));
        process = where.start(new ProcessBuilder(all).redirectError(ProcessBuilder.Redirect.DISCARD));
        String said = process.inputReader().readLine();
        if (!"listening".equals(said)) {
            throw new AssertionError("the broker does not listen: " + said);
        }
    }

    /** The value of --upstream, whether it runs or not. */
    public static String uri() {
        return "h2c://" + at(TestNet.PROXY_4) + "/broker";
    }

    private static String at(InetAddress address) {
        return address.getHostAddress() + ":" + PORT;
    }

    /** SIGKILL. */
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }
}
