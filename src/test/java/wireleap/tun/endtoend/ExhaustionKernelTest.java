package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.HostState;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;
import wireleap.tun.testing.Upstream;

/** No descriptor and no inode left: the list and the kernel agree, or one line says what is missing. */
@NeedsTun
@NeedsProgram({"ip", "prlimit", "unshare"})
@Timeout(60)
class ExhaustionKernelTest {
    private static final Set<String> PERMANENT = Set.of("224.0.0.0/4", "255.255.255.255", "169.254.0.0/16");
    private TestNet net;
    private String upstream;
    private Path socket;
    private String before;

    @BeforeEach
    void open() throws Exception {
        net = TestNet.open();
        upstream = Upstream.OWN.open(net);
        socket = net.directory().resolve("wireleap_tun.sock");
        before = hostState();
    }

    @AfterEach
    void close() {
        net.close();
    }

    private String hostState() throws Exception {
        return HostState.of(net.inside(), net.directory()).toString();
    }

    private Daemon launch(List<String> prefix, String... more) throws Exception {
        var options = new ArrayList<>(List.of("--upstream", upstream));
        options.addAll(List.of(more));
        return Daemon.launch(net, prefix, Daemon.launcher(), socket, options.toArray(String[]::new));
    }

    private static List<String> descriptors(int most) {
        return List.of("prlimit", "--nofile=" + most + ":" + most);
    }

    @ParameterizedTest
    @ValueSource(ints = {14, 15, 16})
    void aStartWithoutDescriptorsFailsInOneLineAndUndoesEverything(int most) throws Exception {
        try (var failing = launch(descriptors(most))) {
            assertEquals(1, failing.awaitEnd(), failing::log);
            var said = failing.log().lines().filter(line -> line.startsWith("wireleap_tun: ")).toList();
            assertEquals(1, said.size(), failing::log);
            assertTrue(said.getFirst().contains("Too many open files"), failing::log);
            assertEquals(before, hostState());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {14, 15, 16})
    void aStartWithoutDescriptorsLeavesClosedWhatWasClosed(int most) throws Exception {
        try (var killed = launch(List.of(), "--fail-closed")) {
            killed.awaitActive();
            killed.kill();
        }
        String closed = HostState.of(net.inside()).routing();
        try (var failing = launch(descriptors(most), "--fail-closed")) {
            assertEquals(1, failing.awaitEnd(), failing::log);
        }
        assertEquals(closed, HostState.of(net.inside()).routing());
    }

    @Test
    void whileFlowsHaveAllDescriptorsTheListAndTheKernelAgree() throws Exception {
        try (var daemon = launch(descriptors(32)); var server = net.listen(TestNet.SERVER_4)) {
            daemon.awaitActive();
            List<SocketChannel> flows = connect((InetSocketAddress) server.getLocalAddress(), 40);
            for (int i = 1; i <= 20; i++) {
                try {
                    daemon.api().write("POST", "/bypass", "[\"192.0.2." + i + "\"]");
                } catch (IOException e) {
                    // No descriptor for this connection: nothing was asked, or it was done.
                }
            }
            for (var flow : flows) {
                flow.close();
            }
            daemon.await("of one mind with the kernel", () -> listed(daemon).equals(inKernel()));
            daemon.stop();
            assertEquals(before, hostState(), daemon::log);
        }
    }

    private List<SocketChannel> connect(InetSocketAddress to, int count) throws Exception {
        List<SocketChannel> flows = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            var flow = net.inside().call(SocketChannel::open);
            flow.configureBlocking(false);
            flow.connect(to);
            flows.add(flow);
        }
        return flows;
    }

    private static Set<String> listed(Daemon daemon) throws IOException {
        return Arrays.stream(daemon.api().read("/bypass").body().replaceAll("[\\[\\]\"\\s]", "").split(","))
                .filter(entry -> !entry.isEmpty()).collect(Collectors.toCollection(TreeSet::new));
    }

    private Set<String> inKernel() throws IOException, InterruptedException {
        return TestNet.output(net.inside(), "ip", "route", "show", "table", "13492").lines()
                .filter(line -> line.startsWith("throw ")).map(line -> line.split(" ")[1])
                .filter(entry -> !PERMANENT.contains(entry)).collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void aFullDiskFailsTheStartInOneLine() throws Exception {
        var full = List.of("unshare", "--mount", "sh", "-c",
                "mount -t tmpfs -o nr_inodes=1 tmpfs \"$1\" && shift && exec \"$@\"", "sh", net.directory().toString());
        try (var failing = launch(full)) {
            assertEquals(1, failing.awaitEnd(), failing::log);
            assertTrue(failing.log().contains("No space left on device"), failing::log);
            assertFalse(failing.log().contains("\tat "), failing::log);
            assertEquals(before, hostState());
        }
    }
}
