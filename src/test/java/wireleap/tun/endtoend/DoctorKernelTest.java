package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.HostState;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;

/** What doctor, the start and the state say of a host; its resolvers are one on the LAN and one beyond it. */
@NeedsTun
@NeedsProgram({"ip", "setpriv", "unshare"})
@Timeout(60)
class DoctorKernelTest {
    private static final String NEAR_AND_FAR =
            "10.77.0.1 and fd77::1 as without the daemon (on this host or a local network), 198.51.100.1 through the TUN";
    private TestNet net;
    private List<String> withResolvers;

    @BeforeEach
    void open() throws Exception {
        net = TestNet.open();
        Path file = net.directory().resolve("resolv.conf");
        Files.write(file, List.of("nameserver 10.77.0.1", "nameserver 198.51.100.1", "nameserver fd77::1"));
        withResolvers = List.of("unshare", "--mount", "sh", "-c",
                "mount --bind \"$1\" \"$(readlink -f /etc/resolv.conf)\" && shift && exec \"$@\"", "sh", file.toString());
    }

    @AfterEach
    void close() {
        net.close();
    }

    private String doctor(String... prefix) throws Exception {
        var command = new ArrayList<>(withResolvers);
        command.addAll(List.of("sh", "-c", "\"$@\"; echo exit code $?", "sh"));
        command.addAll(List.of(prefix));
        command.addAll(List.of(Daemon.launcher().toString(), "doctor"));
        return TestNet.output(net.inside(), command.toArray(String[]::new));
    }

    @Test
    void aSoundHostHasNoFailureAndIsNotChanged() throws Exception {
        String before = HostState.of(net.inside()).toString();
        String said = doctor();
        assertTrue(said.contains("The daemon can run here.") && said.endsWith("exit code 0\n"), said);
        assertTrue(said.contains("ok    TUN: can be made"), said);
        assertEquals(before, HostState.of(net.inside()).toString());
    }

    @Test
    void aUserWithoutCapabilitiesIsToldWhatIsMissing() throws Exception {
        String said = doctor("setpriv", "--bounding-set=-all");
        assertTrue(said.contains("FAIL  capabilities: CAP_NET_ADMIN is absent"), said);
        assertTrue(said.contains("The daemon cannot run here yet.") && said.endsWith("exit code 1\n"), said);
    }

    @Test
    void resolversOnTheLanAreNoted() throws Exception {
        String said = doctor();
        assertTrue(said.contains("note  DNS: " + NEAR_AND_FAR), said);
    }

    @Test
    void ourRulesAndThoseOfOthersAreNoted() throws Exception {
        TestNet.ip(net.inside(), List.of("rule add pref 100 from 192.0.2.0/24 lookup main"));
        try (var daemon = Daemon.start(net, "--upstream", "direct")) {
            String said = doctor();
            assertTrue(said.contains("note  ip rule: rules of others come before ours or between them: [100]"), said);
            assertTrue(said.contains("note  ip -6 rule: ") && said.contains("rules of ours are there"), said);
        }
    }

    @Test
    void aTunThatAKilledDaemonLeftIsNotedWithTheWayOut() throws Exception {
        try (var daemon = Daemon.start(net, "--upstream", "direct", "--fail-closed")) {
            String said = doctor();
            assertFalse(said.contains("was killed"), said);
            daemon.kill();
        }
        String said = doctor();
        assertTrue(said.contains("note  wltun0: nobody reads it: a daemon was killed"), said);
        assertTrue(said.contains("'wireleap_tun cleanup'"), said);
    }

    @Test
    void startAndStateSayWhichResolversAreAskedAroundTheTun() throws Exception {
        try (var daemon = Daemon.launch(net, withResolvers, Daemon.launcher(), net.directory().resolve("s"),
                "--upstream", "direct")) {
            daemon.awaitActive();
            daemon.await("telling who is asked", () -> daemon.log().contains("INFO Daemon - DNS: " + NEAR_AND_FAR));
            assertTrue(daemon.api().read("/state").body().contains(
                    "\"dns\":{\"aroundTun\":[\"10.77.0.1\",\"fd77::1\"],\"throughTun\":[\"198.51.100.1\"]}"));
            daemon.api().write("POST", "/bypass", "[\"198.51.100.0/24\"]");
            assertTrue(daemon.api().read("/state").body().contains("\"throughTun\":[]"));
        }
    }

    @Test
    void withAResolverOfTheUsersChoiceThoseOnTheLanAreAskedThroughTheTun() throws Exception {
        try (var daemon = Daemon.launch(net, withResolvers, Daemon.launcher(), net.directory().resolve("s"),
                "--upstream", "direct", "--dns", "198.51.100.9")) {
            daemon.awaitActive();
            daemon.await("telling who is asked", () -> daemon.log().contains(
                    "DNS: 10.77.0.1 and 198.51.100.1 and fd77::1 through the TUN; all queries there go to 198.51.100.9:53"));
            assertTrue(daemon.api().read("/state").body().contains("\"dns\":{\"aroundTun\":[],\"throughTun\":"
                    + "[\"10.77.0.1\",\"198.51.100.1\",\"fd77::1\"],\"server\":\"198.51.100.9:53\"}"));
        }
    }
}
