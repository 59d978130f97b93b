package wireleap.tun.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;

/** Debian's dnsmasq as a resolver that knows its answers by itself. */
public final class Dnsmasq {
    /** What it says of the address of {@link #NAME}: 192.0.2. and the number of the resolver. */
    public static final String NAME = "who.test";
    /** Any name below it has the address 192.0.2.77, and nothing else. */
    public static final String ANY = "any.test";
    /** TXT records of some 200 bytes each, {@link #LARGE_RECORDS} of them. */
    public static final String LARGE = "large.test";
    public static final int LARGE_RECORDS = 20;

    private Dnsmasq() {
    }

    /** Starts one outside that listens at addresses, port 53, and waits until it answers. */
    public static void start(TestNet net, int number, InetAddress... at) throws IOException, InterruptedException {
        start(net, number, 53, at);
    }

    /** The same at another port. */
    public static void start(TestNet net, int number, int port, InetAddress... at)
            throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of(Requirement.program("dnsmasq").orElseThrow().toString(),
                "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root",
                "--group=root",
                "--pid-file=" + net.directory().resolve("dnsmasq" + number), "--bind-interfaces",
                "--except-interface=lo", "--edns-packet-max=65000", "--port=" + port,
                "--host-record=" + NAME + ",192.0.2." + number + ",2001:db8::" + number,
                "--address=/" + ANY + "/192.0.2.77", "--local=/" + ANY + "/"));
        for (var address : at) {
            command.add("--listen-address=" + address.getHostAddress());
        }
        for (int i = 0; i < LARGE_RECORDS; i++) {
            command.add("--txt-record=" + LARGE + "," + i + "x".repeat(200));
        }
        net.outside().start(new ProcessBuilder(command)
                .redirectErrorStream(true).redirectOutput(net.directory().resolve("dnsmasq.log" + number).toFile()));
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (!answers(net, at[0], port)) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("dnsmasq does not answer at " + at[0]);
            }
        }
    }

    private static boolean answers(TestNet net, InetAddress at, int port) throws IOException, InterruptedException {
        return TestNet.output(net.outside(), "dig", "@" + at.getHostAddress(), "-p", Integer.toString(port), NAME,
                "+short", "+time=1", "+tries=1").startsWith("192.0.2.");
    }
}
