package wireleap.tun.demo;

import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import wireleap.tun.client.BypassClient;
import wireleap.tun.client.DaemonUnreachableException;

/**
 * {@code wireleap_tun demo}: shows the main job by itself, in words. The real daemon with a real TUN device runs
 * between two network namespaces of the demo's own ({@link Stage}); the machine's own network is not touched. Runs on
 * the thread that calls it and leaves nothing behind, also when a signal ends it.
 */
public final class Demo implements AutoCloseable {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long POLL_MILLIS = 10;

    private final PrintStream out;
    private final long start = System.nanoTime();
    private final Stage stage;
    private final Path socket;
    private final BypassClient client;
    private DaemonProcess daemon;
    private int asked;

    /** The ways that a request can go, and how the web server sees it then. */
    private enum Way {
        THROUGH_THE_PROXY("the proxy's: it went through the tunnel") {
            @Override
            String expected(Side side) {
                return side.proxy();
            }
        },
        AROUND_THE_TUN("this computer's own: it went around the tunnel") {
            @Override
            String expected(Side side) {
                return side.computer();
            }
        };

        private final String meaning;

        Way(String meaning) {
            this.meaning = meaning;
        }

        abstract String expected(Side side);
    }

    private Demo(PrintStream out) throws IOException, InterruptedException {
        this.out = out;
        stage = Stage.open();
        socket = stage.directory().resolve("wireleap_tun.sock");
        client = new BypassClient(socket);
    }

    /**
     * Runs the demo and tells about it. Needs root, or user namespaces and a /dev/net/tun that opens.
     *
     * @return the exit code: 0 when everything was as it should be, 1 otherwise, after saying what was not
     */
    public static int run(PrintStream out) throws InterruptedException {
        try {
            if (Launcher.isRoot() && Launcher.tunOpens()) {
                return play(out);
            }
            if (!Launcher.isRoot() && Launcher.tunOpens() && Launcher.userNamespacesWork()) {
                return Launcher.again();
            }
            out.println(Launcher.isRoot()
                    ? "The demo needs /dev/net/tun, and it does not open here: try modprobe tun, or give the container "
                        + "the device (docker run --device /dev/net/tun --cap-add NET_ADMIN ...)."
                    : "The demo needs to be root here: sudo " + String.join(" ", Launcher.command("demo")));
        } catch (IOException | DemoException e) {
            out.println("The demo failed: " + e.getMessage());
        }
        return 1;
    }

    private static int play(PrintStream out) throws IOException, InterruptedException {
        try (var demo = new Demo(out)) {
            return demo.playOrTell();
        }
    }

    private int playOrTell() throws IOException, InterruptedException {
        try {
            play();
            return 0;
        } catch (IOException | DemoException e) {
            // Once a signal has taken the stage down, nothing on it is worth telling.
            if (!stage.isTakenDown()) {
                tellFailure(e);
            }
            return 1;
        }
    }

    private void play() throws IOException, InterruptedException {
        out.println("""
                wireleap_tun's main job, shown between two small networks that exist only for this:
                "inside" plays your computer, "outside" plays the internet, with a cable between them.
                The network of the machine itself is not touched.
                """);
        var untouched = Traces.of(stage.inside());
        say("Both networks stand. Outside are a SOCKS5 proxy at " + text(stage.proxy()) + " and a web server at "
                + String.join(" and ", stage.servers()) + ",");
        detail("which tells everyone the address that it sees them come from.");
        startDaemon();
        say("Ordinary programs inside, which know nothing of a proxy, ask the web server:");
        ask(Way.THROUGH_THE_PROXY);
        client.add(stage.servers());
        say("The web server's addresses were put on the bypass list, while everything runs: POST /bypass "
                + stage.servers());
        ask(Way.AROUND_THE_TUN);
        client.clear();
        say("The bypass list was cleared again: DELETE /bypass");
        ask(Way.THROUGH_THE_PROXY);
        say("What the daemon counted meanwhile, where it is not 0: GET /stats");
        tellCounters();
        daemon.stop();
        untouched.assertSame(Traces.of(stage.inside()));
        say("The daemon was told to end (SIGTERM). It is gone, and so are its device, its rules and its routes.");
        out.printf(Locale.ROOT, "%nDone: all %d requests went the way that they should.%n", asked);
    }

    private void startDaemon() throws IOException, InterruptedException {
        var command = Launcher.command("run", "--upstream", "socks5://" + text(stage.proxy()),
                "--socket", socket.toString());
        say("Inside, the daemon is started; it makes a TUN device and leads all traffic into it:");
        detail(String.join(" ", command));
        daemon = DaemonProcess.start(stage.inside(), stage.directory().resolve("log"), command);
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (!isActive()) {
            if (!daemon.isAlive() || System.nanoTime() > deadline) {
                throw new DemoException("the daemon does not become active");
            }
            Thread.sleep(POLL_MILLIS);
        }
        say("The daemon is active.");
    }

    private boolean isActive() throws IOException, InterruptedException {
        try {
            return "active".equals(client.patience(Duration.ZERO).state().get("state"));
        } catch (DaemonUnreachableException e) {
            return false;
        }
    }

    private void tellCounters() throws IOException, InterruptedException {
        if (client.stats().get("total") instanceof Map<?, ?> groups) {
            groups.forEach((group, members) -> tellCounters(String.valueOf(group), members));
        }
    }

    private void tellCounters(String group, Object members) {
        if (members instanceof Map<?, ?> counters) {
            counters.forEach((name, value) -> {
                if (value instanceof Number number && number.longValue() != 0) {
                    detail("%-12s %-20s %s".formatted(group, name, value));
                }
            });
        }
    }

    private void ask(Way way) throws IOException, InterruptedException {
        for (var side : stage.sides()) {
            for (var fetch : Fetch.values()) {
                String request = fetch + " over " + side.label() + " to " + side.server();
                var seen = seen(request, fetch, side);
                detail("%-36s seen as %-12s %s".formatted(request, seen, way.meaning));
                if (!seen.equals(way.expected(side))) {
                    throw new DemoException("the request should have been seen as " + way.expected(side));
                }
                asked++;
            }
        }
    }

    private String seen(String request, Fetch fetch, Side side) throws IOException, InterruptedException {
        try {
            return Side.text(stage.inside().call(() -> fetch.from(side.mirror())));
        } catch (IOException e) {
            throw new DemoException(request + ": " + e.getMessage());
        }
    }

    private void tellFailure(Exception e) throws IOException {
        out.println();
        out.println("The demo failed: " + e.getMessage());
        if (daemon != null) {
            out.println("What the daemon said:");
            out.println(daemon.log());
        }
    }

    private void say(String what) {
        out.printf(Locale.ROOT, "%5.1f s  %s%n", (System.nanoTime() - start) / 1e9, what);
    }

    private void detail(String what) {
        out.println("           " + what);
    }

    private static String text(InetSocketAddress address) {
        return Side.text(address.getAddress()) + ":" + address.getPort();
    }

    /** Ends everything that the demo made. */
    @Override
    public void close() {
        stage.close();
    }
}
