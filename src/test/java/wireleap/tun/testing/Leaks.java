package wireleap.tun.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;

/**
 * Applications inside that go on and on to send to the servers, each packet or connection by a look-up of its own, and a
 * count, outside, of those that came by the uplink although they should have been captured.
 */
public final class Leaks implements AutoCloseable {
    private static final List<String> RULES = List.of(
            "add table inet leaks",
            "add chain inet leaks uplink { type filter hook prerouting priority -300; }",
            "add rule inet leaks uplink iifname veth0 ip daddr 198.51.100.0/25 counter",
            "add rule inet leaks uplink iifname veth0 ip6 daddr 2001:db8:99::/112 counter");
    private static final Pattern PACKETS = Pattern.compile("packets (\\d+)");
    private static final int CONNECTIONS = 32;
    private static final int DATAGRAMS_A_CONNECTION = 16;
    private static final long PAUSE_NANOS = 100_000;

    private final TestNet net;
    private final AtomicLong sent = new AtomicLong();
    private volatile Future<?> traffic;
    private volatile boolean ended;
    private long since;                              // what had been counted when the traffic began
    private long leaked;

    private Leaks(TestNet net) {
        this.net = net;
    }

    /** Begins to count; nothing is sent yet. */
    public static Leaks watch(TestNet net) throws IOException, InterruptedException {
        for (String rule : RULES) {
            String said = TestNet.output(net.outside(), "nft", rule);
            if (!said.isEmpty()) {
                throw new IOException(said);
            }
        }
        return new Leaks(net);
    }

    /** From now on packets are sent, and count; of no effect if it is so already. */
    public void begin() throws IOException, InterruptedException {
        if (traffic == null) {
            since = counted();
            ended = false;
            traffic = net.inside().fork(this::send);
        }
    }

    /** Stops sending; what comes by the uplink from now on does not count. */
    public void pause() throws Exception {
        if (traffic != null) {
            ended = true;
            traffic.get();
            leaked += counted() - since;
            traffic = null;
        }
    }

    /** How many packets came by the uplink while they should not. */
    public long count() throws IOException, InterruptedException {
        return leaked + (traffic == null ? 0 : counted() - since);
    }

    /** How many datagrams and connections were tried. */
    public long sent() {
        return sent.get();
    }

    private long counted() throws IOException, InterruptedException {
        return PACKETS.matcher(TestNet.output(net.outside(), "nft", "list", "table", "inet", "leaks")).results()
                .mapToLong(match -> Long.parseLong(match.group(1))).sum();
    }

    private Void send() throws IOException {
        Deque<SocketChannel> connections = new ArrayDeque<>();
        var payload = ByteBuffer.allocate(32);
        try (var ipv4 = DatagramChannel.open(StandardProtocolFamily.INET);
                var ipv6 = DatagramChannel.open(StandardProtocolFamily.INET6)) {
            ipv4.configureBlocking(false);
            ipv6.configureBlocking(false);
            for (int turn = 0; !ended; turn++) {
                datagram(ipv4, "198.51.100." + (1 + turn % 100), payload.clear());
                datagram(ipv6, "2001:db8:99::" + (1 + turn % 100), payload.clear());
                if (turn % DATAGRAMS_A_CONNECTION == 0) {
                    connections.add(connect(turn % 32 == 0 ? "198.51.100.1" : "2001:db8:99::1"));
                    if (connections.size() > CONNECTIONS) {
                        connections.remove().close();
                    }
                }
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        } finally {
            for (var connection : connections) {
                connection.close();
            }
        }
        return null;
    }

    private void datagram(DatagramChannel from, String to, ByteBuffer payload) {
        try {
            from.send(payload, new InetSocketAddress(InetAddress.ofLiteral(to), 9));
        } catch (IOException e) {
            // No way there: nothing has leaked.
        }
        sent.incrementAndGet();
    }

    private SocketChannel connect(String to) throws IOException {
        var socket = SocketChannel.open();
        socket.configureBlocking(false);
        try {
            socket.connect(new InetSocketAddress(InetAddress.ofLiteral(to), 9));
        } catch (IOException e) {
            // Likewise.
        }
        sent.incrementAndGet();
        return socket;
    }

    @Override
    public void close() throws Exception {
        ended = true;
        if (traffic != null) {
            traffic.get();
        }
    }
}
