package wireleap.tun;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import wireleap.tun.cli.Cli;
import wireleap.tun.client.BypassClient;
import wireleap.tun.os.linux.Netns;
import wireleap.tun.train.Application;
import wireleap.tun.train.EchoProxy;

/**
 * The training run, whose classes and profiles become the AOT cache: a daemon's whole life on a {@link
 * SimulatedPlatform}, from its options to its stop, with the requests and the packets that first come to it. Needs
 * neither root nor a TUN, and no network but loopback. Where a network namespace of its own is permitted, such as to
 * root or in a user namespace, a life without packets on Linux's own routes and TUN follows there.
 */
final class Training {
    private static final String USER = "user";
    private static final long TARGET = 0xffff_c000_0201L;          // 192.0.2.1, RFC 5737
    private static final long TARGET6_HI = 0x2001_0db8_0000_0000L; // 2001:db8::1, RFC 3849
    private static final int HTTP = 80;
    private static final int DNS = 53;
    private static final int FLOWS = 40;
    private static final long FLOW_BYTES = 1 << 18;
    private static final int DATAGRAM_BYTES = 512;
    private static final int POLL_MILLIS = 5;
    private static final int POLLS = 1_000;

    private final String version;

    Training(String version) {
        this.version = version;
    }

    @FunctionalInterface
    private interface Errand {
        void run() throws IOException;
    }

    /**
     * Lives.
     *
     * @return why there was no life on Linux's own routes and TUN; empty if there was
     * @throws IllegalStateException if the daemon does not do what is expected of it
     */
    Optional<String> run() throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("wireleap_tun-train");
        Path socket = directory.resolve("s");
        try (EchoProxy proxy = EchoProxy.open()) {
            Config direct = config("--socket", socket.toString(), "--upstream", "direct",
                    "--bypass", "192.0.2.7,2001:db8:7::/48");
            rehearse(direct);
            rehearse(config("--socket", socket.toString(), "--upstream",
                    "socks5://" + USER + ":" + USER + "@127.0.0.1:" + proxy.port()));
            Optional<String> hindrance = hindrance(direct);
            if (hindrance.isEmpty()) {
                live(direct, new LinuxPlatform(), Netns::enterNew, () -> { });
            }
            return hindrance;
        } finally {
            Files.deleteIfExists(socket);
            Files.delete(directory);
        }
    }

    private static Config config(String... options) throws IOException {
        return Config.of(Cli.runOptions(options));
    }

    private void rehearse(Config config) throws IOException, InterruptedException {
        try (SimulatedPlatform platform = new SimulatedPlatform()) {
            live(config, platform, () -> { }, () -> carry(config, platform));
        }
    }

    /** What keeps a thread from a namespace and a TUN of its own. */
    private static Optional<String> hindrance(Config config) throws InterruptedException {
        FutureTask<Void> attempt = new FutureTask<>(() -> {
            Netns.enterNew();
            new LinuxPlatform().openTun(config.routes().tunName(), 1).close();
            return null;
        });
        Thread.ofPlatform().start(attempt);
        try {
            attempt.get();
            return Optional.empty();
        } catch (ExecutionException e) {
            return Optional.of(e.getCause().getMessage());
        }
    }

    /**
     * A daemon's life.
     *
     * @param before what its thread does first
     * @param during what happens between the requests and its stop
     */
    private void live(Config config, Platform platform, Errand before, Errand during)
            throws IOException, InterruptedException {
        Daemon daemon = new Daemon(config, platform, version);
        FutureTask<Void> life = new FutureTask<>(() -> {
            before.run();
            daemon.run();
            return null;
        });
        Thread.ofPlatform().name("daemon").start(life);
        try {
            try {
                use(new BypassClient(config.socket()));
                during.run();
            } finally {
                daemon.stop();
                life.get();
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException("the daemon ended", e.getCause());
        }
    }

    private static void use(BypassClient client) throws IOException, InterruptedException {
        Map<String, Object> state = client.state();
        for (int i = 0; i < POLLS && !"active".equals(state.get("state")); i++) {
            Thread.sleep(POLL_MILLIS);
            state = client.state();
        }
        client.version();
        client.stats();
        client.add(List.of("192.0.2.8", "2001:db8:8::1"));
        client.replace(List.of("192.0.2.9", "198.51.100.0/24"));
        client.patch(List.of("192.0.2.10"), List.of("192.0.2.9"));
        client.remove("192.0.2.10");
        client.ifMatch(client.bypass().etag()).clear();
    }

    private static void carry(Config config, SimulatedPlatform platform) throws IOException {
        long own = config.routes().ipv4Address().lo();
        long own6Hi = config.routes().ipv6Address().hi();
        long own6Lo = config.routes().ipv6Address().lo();
        try (Arena arena = Arena.ofConfined();
                Application application = new Application(platform.behindTun(), config.routes().mtu(), arena)) {
            application.ping(0, own, 0, TARGET, DATAGRAM_BYTES);
            application.ping(own6Hi, own6Lo, TARGET6_HI, 1, DATAGRAM_BYTES);
            if (config.upstream() instanceof UpstreamAddress.Socks5) {
                application.ask(own, TARGET, DNS, DATAGRAM_BYTES);
                for (int i = 0; i < FLOWS; i++) {
                    application.exchange(own, TARGET, HTTP, FLOW_BYTES);
                }
            }
        }
    }
}
