package wireleap.tun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.FutureTask;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import wireleap.tun.api.ApiServer;
import wireleap.tun.api.ApiSettings;
import wireleap.tun.api.ListedFlows;
import wireleap.tun.api.Sources;
import wireleap.tun.events.Event;
import wireleap.tun.events.EventLog;
import wireleap.tun.policy.BypassEdit;
import wireleap.tun.policy.IpPrefix;
import wireleap.tun.policy.PlannedWay;
import wireleap.tun.routes.RouteExplanation;

/** The commands that speak to a daemon, against the daemon's own server over a list in memory. */
class CommandsTest {
    private final Map<String, Object> state = new LinkedHashMap<>();
    private final Map<String, Object> stats = new LinkedHashMap<>();
    private final EventLog events = new EventLog();
    private final ListedFlows open = new ListedFlows();
    private final ListInMemory control = new ListInMemory();
    @TempDir
    private Path directory;
    private Path socket;
    private ApiServer server;

    @BeforeEach
    void start() throws IOException {
        socket = directory.resolve("s");
        server = ApiServer.start(new ApiSettings(socket, Optional.empty(), false, "1.2.3", true), control,
                new Sources(() -> state, () -> stats, events, open,
                CommandsTest::explain));
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    /** 192.0.2.1 is shadowed, and nothing else leads anywhere. */
    private static RouteExplanation explain(IpPrefix address) {
        boolean known = address.equals(IpPrefix.parse("192.0.2.1"));
        return new RouteExplanation(address, known
                ? new RouteExplanation.KernelWay(Optional.of("pref 100 lookup main"), Optional.of("main"),
                        Optional.of("default dev eth0"), Optional.of("eth0"), "")
                : new RouteExplanation.KernelWay(Optional.empty(), Optional.empty(), Optional.empty(),
                        Optional.empty(), "network is unreachable"),
                new PlannedWay(known, known ? "captured" : "bypass entry ::/1"), !known);
    }

    private Invocation invoke(String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("--wait", "0", "--socket", socket.toString()));
        return Invocation.of(all.toArray(String[]::new));
    }

    private void done(String... arguments) {
        Invocation invocation = invoke(arguments);
        assertEquals("", invocation.err() + invocation.out());
        assertEquals(0, invocation.code());
    }

    private List<String> list() {
        Invocation listed = invoke("bypass", "list");
        assertEquals(0, listed.code(), listed::err);
        return listed.out().lines().toList();
    }

    @Test
    void listPrintsOneEntryALine() {
        done("bypass", "add", "192.0.2.1", "2001:db8::/32");
        assertEquals(List.of("192.0.2.1", "2001:db8::/32"), list());
    }

    @Test
    void addAddsAlsoWherePostReplaces() {
        done("bypass", "add", "192.0.2.1");
        done("bypass", "add", "192.0.2.2", "192.0.2.1/32");
        assertEquals(List.of("192.0.2.1", "192.0.2.2"), list());
    }

    @Test
    void removeRemovesEachAsItIsListed() {
        done("bypass", "add", "10.0.0.0/8", "10.1.0.0/16", "192.0.2.1");
        done("bypass", "remove", "10.1.0.0/16", "::ffff:192.0.2.1");
        assertEquals(List.of("10.0.0.0/8"), list());
    }

    @Test
    void removingWhatIsAbsentFails() {
        assertTrue(invoke("bypass", "remove", "192.0.2.1").err().startsWith("wireleap_tun: resource not found: "));
        assertEquals(Cli.FAILED, invoke("bypass", "remove", "192.0.2.1").code());
    }

    @Test
    void removeRemovesNothingIfOneIsAbsent() {
        done("bypass", "add", "192.0.2.1", "192.0.2.2");
        invoke("bypass", "remove", "192.0.2.1", "192.0.2.3");
        assertEquals(List.of("192.0.2.1", "192.0.2.2"), list());
    }

    @Test
    void removeKeepsWhatAnotherHasChangedMeanwhile() {
        done("bypass", "add", "192.0.2.1", "192.0.2.2");
        control.forestall(new BypassEdit.Add(List.of(IpPrefix.parse("192.0.2.3"))));
        done("bypass", "remove", "192.0.2.1");
        assertEquals(List.of("192.0.2.2", "192.0.2.3"), list());
    }

    @Test
    void whatIsNoEntryIsWrongUsage() {
        assertEquals(Cli.USAGE, invoke("bypass", "add", "192.0.2.1", "proxy.example").code());
        assertTrue(invoke("bypass", "add", "proxy.example").err().contains("names are not resolved here"));
        assertTrue(invoke("bypass", "replace", "10.0.0.1/8").err().contains("has host bits set"));
        assertEquals(List.of(), list());
    }

    @Test
    void replaceReplacesAll() {
        done("bypass", "add", "192.0.2.1");
        done("bypass", "replace", "192.0.2.2");
        assertEquals(List.of("192.0.2.2"), list());
    }

    @Test
    void clearLeavesNothing() {
        done("bypass", "add", "192.0.2.1");
        done("bypass", "clear");
        assertEquals(List.of(), list());
    }

    @Test
    void stateIsPrintedForReaders() {
        state.put("state", "active");
        state.put("tun", Map.of("offloads", List.of("tso4", "uso")));
        state.put("warnings", List.of());
        Invocation shown = invoke("state");
        assertEquals(List.of("state: active", "tun:", "  offloads: tso4, uso", "warnings: none"),
                shown.out().lines().toList());
        assertEquals(0, shown.code());
    }

    @Test
    void stateIsPrintedForPrograms() {
        state.put("state", "activating");
        state.put("counts", Map.of("tcpFlows", 3));
        assertEquals("{\"state\":\"activating\",\"counts\":{\"tcpFlows\":3}}" + System.lineSeparator(),
                invoke("state", "--json").out());
    }

    @Test
    void statsArePrintedForReaders() {
        stats.put("total", Map.of("packets", Map.of("in", 12)));
        stats.put("loops", List.of(Map.of("name", "tun-0", "packets", Map.of("in", 12))));
        assertEquals(List.of("packets", "  in" + " ".repeat(38) + "12"), invoke("stats").out().lines().toList());
    }

    @Test
    void statsOfSeveralLoopsStandSideBySide() {
        stats.put("total", Map.of("packets", Map.of("in", 12)));
        stats.put("loops", List.of(Map.of("name", "tun-0", "packets", Map.of("in", 5)),
                Map.of("name", "tun-1", "packets", Map.of("in", 7))));
        List<List<String>> words = invoke("stats").out().lines().map(line -> List.of(line.strip().split(" +"))).toList();
        assertEquals(List.of(List.of("total", "tun-0", "tun-1"), List.of("packets"), List.of("in", "12", "5", "7")),
                words);
    }

    @Test
    void statsArePrintedForPrograms() {
        stats.put("total", Map.of("packets", Map.of("in", 12)));
        stats.put("loops", List.of());
        assertEquals("{\"total\":{\"packets\":{\"in\":12}},\"loops\":[]}" + System.lineSeparator(),
                invoke("stats", "--json").out());
    }

    /** What {@code watch} prints of events that happen while it listens, until there have been so many. */
    private List<String> watched(List<Event> happening, String... options) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("watch", "--count", "" + happening.size()));
        arguments.addAll(List.of(options));
        FutureTask<Invocation> watching = new FutureTask<>(() -> invoke(arguments.toArray(String[]::new)));
        Thread.startVirtualThread(watching);
        while (events.waiting() == 0) {
            Thread.onSpinWait();
        }
        happening.forEach(events::publish);
        assertEquals(0, watching.get().code(), () -> watching.resultNow().err());
        return watching.get().out().lines().toList();
    }

    @Test
    void eachEventIsALine() throws Exception {
        List<IpPrefix> many = IntStream.range(0, 10).mapToObj(i -> IpPrefix.parse("192.0.2." + i)).toList();
        List<String> lines = watched(List.of(
                new Event.StateChanged("active", "failed", "the TUN is gone"),
                new Event.BypassChanged("v", "root:root", List.of(IpPrefix.parse("10.0.0.0/8")), many),
                new Event.Repaired("ip rule add pref 13499 nop", "was deleted; is back"),
                new Event.UpstreamChanged("up", "")));
        assertEquals(List.of("state active -> failed: the TUN is gone",
                "bypass by root:root +10.0.0.0/8 -192.0.2.0 -192.0.2.1 -192.0.2.2 -192.0.2.3 -192.0.2.4 -192.0.2.5"
                        + " -192.0.2.6 -192.0.2.7 -2 more",
                "repaired ip rule add pref 13499 nop: was deleted; is back", "upstream up"),
                lines.stream().map(line -> line.split(" ", 2)[1]).toList());
        Instant.parse(lines.getFirst().split(" ")[0]);
    }

    @Test
    void eventsForProgramsAreAnObjectALine() throws Exception {
        String line = watched(List.of(new Event.UpstreamChanged("unreachable", "refused")), "--json").getFirst();
        assertTrue(line.matches("\\{\"event\":\"upstream\",\"id\":\"[0-9a-f]{8}-1\",\"at\":\"[^\"]*\","
                + "\"status\":\"unreachable\",\"why\":\"refused\"}"), line);
    }

    @Test
    void eachFlowIsALine() {
        open.add("tcp", "10.13.49.0", 1001, "192.0.2.1", 443, "established").add("udp", "fd57::1", 5, "", 0, "dialling");
        assertEquals(List.of("PROTO CLIENT TARGET STATE AGE-S UP DOWN WAIT-UP WAIT-DOWN",
                "tcp 10.13.49.0:1001 192.0.2.1:443 established 1.5 10 20000 1 2",
                "udp [fd57::1]:5 - dialling 1.5 10 20000 1 2"),
                invoke("flows").out().lines().map(line -> line.strip().replaceAll(" +", " ")).toList());
    }

    @Test
    void flowsAreFilteredByTheDaemon() {
        open.add("tcp", "10.0.0.1", 1, "192.0.2.1", 443, "established").add("udp", "10.0.0.1", 2, "", 0, "open");
        assertEquals(2, invoke("flows", "--protocol", "udp").out().lines().count());
        assertTrue(invoke("flows", "--limit", "1").out().contains("... and more"));
        assertEquals(Cli.USAGE, invoke("flows", "--addr", "10.0.0.1/8").code());
    }

    @Test
    void flowsAreListedForPrograms() {
        assertEquals("{\"flows\":[],\"more\":false}" + System.lineSeparator(), invoke("flows", "--json").out());
    }

    @Test
    void whereKernelAndDaemonDisagreeIsAFailure() {
        Invocation shadowed = invoke("explain", "192.0.2.1");
        assertEquals(List.of("rule     pref 100 lookup main", "table    main", "entry    default dev eth0",
                "device   eth0", "plan     into the TUN (captured)", "agree    no"), shadowed.out().lines().toList());
        assertEquals(Cli.FAILED, shadowed.code());
    }

    @Test
    void whereThereIsNoWayIsExplained() {
        Invocation none = invoke("explain", "2001:db8:0::1");
        assertEquals(List.of("problem  network is unreachable", "plan     around the TUN (bypass entry ::/1)",
                "agree    yes"), none.out().lines().toList());
        assertEquals(0, none.code());
    }

    @Test
    void explanationsArePrintedForPrograms() {
        assertEquals("{\"addr\":\"2001:db8::1\",\"kernel\":{\"problem\":\"network is unreachable\"},"
                + "\"plan\":{\"way\":\"around\",\"why\":\"bypass entry ::/1\"},\"agree\":true}"
                + System.lineSeparator(), invoke("explain", "--json", "2001:db8::1").out());
    }

    @Test
    void whatIsNoAddressCannotBeExplained() {
        for (String wrong : List.of("proxy.example", "10.0.0.0/8", "10.0.0.1/8", "")) {
            assertEquals(Cli.USAGE, invoke("explain", wrong).code());
        }
    }

    @Test
    void watchingNothingIsWrongUsage() {
        assertEquals(Cli.USAGE, invoke("watch", "--count", "0").code());
    }

    @Test
    void aFailedDaemonIsAFailure() {
        state.put("state", "failed");
        assertEquals(Cli.FAILED, invoke("state").code());
    }

    @Test
    void withoutADaemonEachCommandFails() throws IOException {
        server.close();
        for (String command : List.of("state", "stats", "watch", "flows", "explain 192.0.2.1",
                "bypass list", "bypass clear", "bypass add 192.0.2.1")) {
            Invocation failed = invoke(command.split(" "));
            assertTrue(failed.err().startsWith("wireleap_tun: no daemon on the socket " + socket), failed::err);
            assertEquals(1, failed.err().lines().count());
            assertEquals(Cli.FAILED, failed.code());
        }
    }

    @Test
    void aWaitOutOfRangeIsWrongUsage() {
        Invocation waiting = Invocation.of("state", "--wait", "3601");
        assertEquals("wireleap_tun: --wait 3601: must be a number from 0 to 3600" + System.lineSeparator(),
                waiting.err());
        assertEquals(Cli.USAGE, waiting.code());
    }
}
