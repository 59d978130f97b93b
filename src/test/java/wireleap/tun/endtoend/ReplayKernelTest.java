package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wireleap.tun.demo.Mirror;
import wireleap.tun.testing.Broker;
import wireleap.tun.testing.Controller;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Echo;
import wireleap.tun.testing.HostState;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.Overlay;
import wireleap.tun.testing.Relay;
import wireleap.tun.testing.TestNet;

/**
 * Wireleap as a whole: its controller and its broker, which are an ordinary user's, and another user's traffic. The broker
 * is on this host, and reaches what it dials by the first relay of its circuit, which only the bypass list lets it reach.
 */
@NeedsTun
@NeedsProgram({"cc", "curl", "ip", "mount", "nsenter", "setpriv", "unshare"})
@Timeout(60)
class ReplayKernelTest {
    private static final int ANOTHER_USER = 4713;
    private static final int CIRCUITS = 10;
    private static TestNet net;
    private static Overlay overlay;
    private static Controller controller;
    private static Broker broker;
    private static Path circuit;
    private static List<Relay> relays;
    private static Mirror mirror;

    private String before;

    @BeforeAll
    static void install() throws Exception {
        net = TestNet.open();
        overlay = Overlay.open(net);
        controller = new Controller(net, overlay);
        broker = Broker.of(Broker.Server.GO, net);
        circuit = net.directory().resolve("circuit");
        relays = List.of(Relay.open(net, new InetSocketAddress("198.51.100.201", 9001)),
                Relay.open(net, new InetSocketAddress("198.51.100.202", 9002)));
        mirror = net.tied(net.outside().call(() -> Mirror.open(new InetSocketAddress(TestNet.SERVER_4, 8080))));
        String said = overlay.output(overlay.command(Daemon.launcher().toString(), "install", "--wireleap",
                controller.home().toString()));
        assertTrue(said.contains("put " + controller.program()), said);
    }

    @AfterAll
    static void uninstall() throws Exception {
        if (overlay != null) {
            overlay.close();
            net.close();
        }
    }

    @BeforeEach
    void start() throws Exception {
        before = HostState.of(net.inside()).toString();
        Files.writeString(circuit, relays.getFirst().text());
        broker.startOnLoopback(circuit);
        controller.start(bypass(relays.getFirst()));
        controller.awaitActive();
    }

    @AfterEach
    void end() throws Exception {
        controller.close();
        broker.kill();
    }

    /** The contract, the directory, and the first relay, as the controller posts them. */
    private static String bypass(Relay relay) {
        return "[\"203.0.113.1\",\"203.0.113.2\",\"" + relay.address() + "\"]";
    }

    /** Whence a target sees another user's connection come. */
    private static String seenFrom() throws Exception {
        return overlay.output(overlay.commandOf(ANOTHER_USER, Controller.GROUP, "curl", "-sS", "--max-time", "10",
                "http://" + TestNet.SERVER_4.getHostAddress() + ":8080/"));
    }

    private static String said(SocketChannel near, String text) throws Exception {
        near.write(ByteBuffer.wrap(text.getBytes()));
        var heard = ByteBuffer.allocate(text.length());
        while (heard.hasRemaining() && near.read(heard) >= 0) {
            continue;
        }
        return new String(heard.array(), 0, heard.position());
    }

    @Test
    void anotherUsersTrafficGoesByTheBrokerAndItsRelay() throws Exception {
        assertEquals(relays.getFirst().address(), seenFrom(), controller::log);
    }

    @Test
    void theBrokersOwnConnectionsGoAroundTheTun() throws Exception {
        seenFrom();
        assertEquals(Set.of(TestNet.INSIDE_4), relays.getFirst().clients());
    }

    @Test
    void atEachNewCircuitTrafficGoesByTheNewRelayAndWhatIsOpenLivesOn() throws Exception {
        try (var echo = Echo.open(net, TestNet.SERVER_4); var near = net.dial(echo.at(TestNet.SERVER_4))) {
            said(near, "the broker has dialled");    // by the first circuit, before the file names another
            for (int i = 0; i < CIRCUITS; i++) {
                Relay relay = relays.get(i % relays.size());
                Files.writeString(circuit, relay.text());
                controller.post(bypass(relay));
                assertEquals(relay.address(), seenFrom(), controller::log);
                assertEquals("circuit " + i, said(near, "circuit " + i), controller::log);
            }
        }
    }

    @Test
    void theListOfTheLastCircuitStands() throws Exception {
        for (Relay relay : relays) {
            controller.post(bypass(relay));
        }
        assertEquals(bypass(relays.getLast()), controller.api().read("/bypass").body());
    }

    @Test
    void aDeleteWhoseBodyIsNullEmptiesTheList() throws Exception {
        assertEquals("{\"code\":200,\"description\":\"OK\"}",
                controller.api().write("DELETE", "/bypass", "null").body());
        assertEquals("[]", controller.api().read("/bypass").body());
    }

    @Test
    void aStopInTheMidstOfTrafficLeavesTheHostAsItWas() throws Exception {
        try (var echo = Echo.open(net, TestNet.SERVER_4); var near = net.dial(echo.at(TestNet.SERVER_4))) {
            said(near, "hello");
            controller.stop();
            assertEquals(before, HostState.of(net.inside()).toString(), controller::log);
        }
    }
}
