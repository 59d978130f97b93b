package wireleap.tun.loop;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import wireleap.tun.flow.StackSettings;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.os.Poller;
import wireleap.tun.testing.CapturedLog;
import wireleap.tun.upstream.Direct;
import wireleap.tun.upstream.Links;

/** The turns of a loop over a device, a poller and sockets in memory; clients behind the device; time that a test moves. */
final class LoopWorld implements AutoCloseable {
    static final long PATIENCE = 20_000_000_000L;

    final SimDevice device = new SimDevice();
    final SimPoller poller;
    final SimSockets sockets = new SimSockets();
    final Counters counters = new Counters();
    final Mailbox mailbox;
    final List<LoopClient> clients = new ArrayList<>();
    private final CapturedLog log = new CapturedLog();
    private final Arena arena = Arena.ofConfined();
    final Turns turns;
    /** The loop's sockets, which a test may use besides the stack. */
    Links links;
    long nowNanos = 1_000_000_000L;

    LoopWorld() {
        this(new SimPoller());
    }

    private LoopWorld(SimPoller poller) {
        this(poller, Neighbours.among(List.of(poller), MemorySegment.NULL).getFirst());
    }

    private LoopWorld(SimPoller poller, Neighbours neighbours) {
        this.poller = poller;
        mailbox = new Mailbox(poller);
        turns = new Turns(settings(), device, poller, sockets, arena.allocate(8 << 20, 4096), (own, slab, all) -> {
            links = own;
            return new Direct(own, PATIENCE, all);
        }, counters, mailbox, neighbours, 1, () -> nowNanos, arena);
        device.tap = (memory, offset, length) -> {
            for (var i = 0; i < clients.size(); i++) {
                if (clients.get(i).take(memory, offset, length, nowNanos)) {
                    return;
                }
            }
        };
    }

    /** The worlds of two loops of one daemon. */
    static List<LoopWorld> two() {
        List<SimPoller> pollers = List.of(new SimPoller(), new SimPoller());
        var places = Neighbours.among(List.copyOf(pollers), Arena.ofAuto().allocate(Neighbours.memoryBytes(2), 64));
        return List.of(new LoopWorld(pollers.getFirst(), places.getFirst()),
            new LoopWorld(pollers.getLast(), places.getLast()));
    }

    static StackSettings settings() {
        return StackSettings.of(LoopClient.MTU, LoopClient.SELF, 0, 0);
    }

    LoopClient client(int port) {
        var client = new LoopClient(device, port);
        clients.add(client);
        return client;
    }

    /** A turn of the loop in which the device is ready if it has packets, then one of the clients. */
    void turn() {
        if (device.waiting() > 0) {
            poller.ready(SimDevice.FD, Poller.READABLE);
        }
        turns.turn();
        for (var i = 0; i < clients.size(); i++) {
            clients.get(i).connection.endOfTurn(nowNanos);
        }
    }

    /** A client whose connection stands, with the socket of its flow: the youngest. */
    LoopClient connect(int port) {
        var client = client(port);
        client.open(nowNanos);
        turn();
        ready(youngest(), Poller.WRITABLE);
        turn();
        turn();
        if (!client.isEstablished()) {
            throw new AssertionError("not established but " + client.connection.state());
        }
        return client;
    }

    int youngest() {
        return sockets.open.stream().max(Integer::compare).orElseThrow();
    }

    void ready(int fd, int events) {
        poller.ready(fd, events);
    }

    long count(Counter counter) {
        return counters.value(counter);
    }

    @Override
    public void close() {
        turns.close();
        arena.close();
        log.close();
    }
}
