package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Family;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;

/** Thousands of targets, thousands of sockets. What is lost in a burst is sent again, as applications do. */
@NeedsTun
@NeedsProgram("ip")
@Timeout(60)
class CrowdKernelTest {
    private static final int TARGETS = 2_000;
    private static final int PORTS = 10;
    private static final int SOCKETS = 2_000;
    private static TestNet net;
    private static Daemon daemon;
    private final List<DatagramChannel> open = new ArrayList<>();
    private Selector selector;

    @BeforeAll
    static void start() throws Exception {
        net = TestNet.open();
        daemon = Daemon.start(net, "--upstream", "direct");
    }

    @AfterAll
    static void stop() {
        net.close();
    }

    @AfterEach
    void close() throws IOException {
        selector.close();
        for (var socket : open) {
            socket.close();
        }
    }

    private DatagramChannel socket(boolean inside, InetSocketAddress at) throws Exception {
        var socket = TestNet.datagrams(inside ? net.inside() : net.outside(), at);
        socket.configureBlocking(false);
        open.add(socket);
        return socket;
    }

    private DatagramChannel near(Family family) throws Exception {
        return socket(true, new InetSocketAddress(family == Family.IPV4 ? "0.0.0.0" : "::", 0));
    }

    /** A server that gives back what it gets. */
    private SocketAddress far(Family family, int number, int port) throws Exception {
        var far = socket(false, new InetSocketAddress(family.server(number), port));
        far.register(selector, SelectionKey.OP_READ);
        return far.getLocalAddress();
    }

    private void serve() {
        var buffer = ByteBuffer.allocate(64);
        try {
            while (selector.isOpen()) {
                selector.select(key -> {
                    try {
                        var far = (DatagramChannel) key.channel();
                        for (var from = far.receive(buffer.clear()); from != null; from = far.receive(buffer.clear())) {
                            far.send(buffer.flip(), from);
                        }
                    } catch (IOException e) {
                        throw new IllegalStateException(e);
                    }
                });
            }
        } catch (IOException | ClosedSelectorException e) {
            // The test is over.
        }
    }

    @ParameterizedTest
    @EnumSource
    void oneSocketSpeaksToThousandsOfTargets(Family family) throws Exception {
        selector = Selector.open();
        Set<SocketAddress> waiting = new HashSet<>();
        for (int i = 0; i < TARGETS; i++) {
            waiting.add(far(family, 1 + i / PORTS, 20_000 + i % PORTS));
        }
        assertEquals(TARGETS, waiting.size());
        Thread.ofPlatform().daemon().start(this::serve);
        long before = daemon.stat("sessions", "opened");
        var near = near(family);
        var buffer = ByteBuffer.allocate(64);
        while (!waiting.isEmpty()) {
            for (var target : waiting) {
                near.send(ByteBuffer.allocate(8), target);
            }
            Thread.sleep(100);
            for (var from = near.receive(buffer.clear()); from != null; from = near.receive(buffer.clear())) {
                waiting.remove(from);
            }
        }
        // none where the kernel gave it the port of a socket before, whose session is not yet idle for long enough
        assertTrue(daemon.stat("sessions", "opened") - before <= 1);
    }

    @ParameterizedTest
    @EnumSource
    void thousandsOfSocketsSpeakToOneTarget(Family family) throws Exception {
        selector = Selector.open();
        var target = far(family, 1, 20_000);
        Thread.ofPlatform().daemon().start(this::serve);
        Set<DatagramChannel> waiting = new HashSet<>();
        for (int i = 0; i < SOCKETS; i++) {
            waiting.add(near(family));
        }
        var buffer = ByteBuffer.allocate(64);
        while (!waiting.isEmpty()) {
            for (var near : waiting) {
                near.send(ByteBuffer.allocate(8), target);
            }
            Thread.sleep(100);
            for (var each = waiting.iterator(); each.hasNext(); ) {
                if (each.next().receive(buffer.clear()) != null) {
                    each.remove();
                }
            }
        }
    }
}
