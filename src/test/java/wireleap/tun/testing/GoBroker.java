package wireleap.tun.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import wireleap.tun.demo.Namespace;

/** A broker outside, with the HTTP/2 server of Go's library: {@code src/test/go/broker}. */
public final class GoBroker {
    /** A flow to this port ends with an error status behind its target's first bytes. */
    public static final int BROKEN_PORT = 6666;

    private static final int PORT = 13_490;
    private static final Pattern VERSION = Pattern.compile("go1\\.(\\d+)");
    /** The first with HTTP/2 in clear text. */
    private static final int FIRST_MINOR = 24;

    private final TestNet net;
    private final Path program;
    private Process process;

    private GoBroker(TestNet net, Path program) {
        this.net = net;
        this.program = program;
    }

    /** Builds it; without a Go that can, the test is skipped. */
    public static GoBroker build(TestNet net) throws IOException, InterruptedException {
        var go = Requirement.program("go");
        Assumptions.assumeTrue(go.isPresent(), "the program go is absent");
        var version = VERSION.matcher(TestNet.output(net.inside(), go.get().toString(), "version"));
        Assumptions.assumeTrue(version.find() && Integer.parseInt(version.group(1)) >= FIRST_MINOR,
                "this go is older than 1." + FIRST_MINOR);
        var program = net.directory().resolve("broker");
        String said = TestNet.output(net.inside(), go.get().toString(), "build", "-o", program.toString(),
                Path.of("src", "test", "go", "broker", "main.go").toAbsolutePath().toString());
        if (!Files.exists(program)) {
            throw new AssertionError("the broker cannot be built: " + said);
        }
        return new GoBroker(net, program);
    }

    /** Starts it outside and waits until it listens. The value of --upstream. */
    public String start() throws IOException, InterruptedException {
        start(net.outside(), List.of(program.toString(), at(TestNet.PROXY_4), Integer.toString(BROKEN_PORT)));
        return uri();
    }

    /**
     * Starts it inside as Wireleap's controller has it, on loopback and without any privilege, and waits until it listens.
     *
     * @param circuit the file that holds the address and port of the {@link Relay} by which it reaches its targets
     */
    public void startOnLoopback(Path circuit) throws IOException, InterruptedException {
        start(net.inside(), List.of("setpriv", "--reuid=" + Controller.USER, "--regid=" + Controller.GROUP,
                "--clear-groups", program.toString(), at(InetAddress.ofLiteral("127.0.0.1")), Integer.toString(BROKEN_PORT),
                circuit.toString()));
    }

    private void start(Namespace where, List<String> command) throws IOException, InterruptedException {
        process = where.start(new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD));
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
