package wireleap.tun.upstream;

import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.function.LongConsumer;
import java.util.function.Supplier;

/**
 * A network in memory: servers at addresses, links to them, time that jumps to the next event, all chance from one
 * seed. Sends are partial, AGAIN comes without need, bytes arrive in pieces of any size.
 */
public final class SimNet implements Links {
    /** What listens at an address: makes the handler of one connection. */
    public interface Listener extends Supplier<SimServer> {
    }

    /** Answers datagrams that are sent to an address. */
    public interface DatagramListener {
        void onDatagram(SimDatagramLink from, Endpoint to, byte[] datagram);
    }

    /** An address and a port. */
    public record Endpoint(long hi, long lo, int port) {
    }

    private record Event(long atNanos, long order, LongConsumer action) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            return atNanos != other.atNanos ? Long.compare(atNanos, other.atNanos) : Long.compare(order, other.order);
        }
    }

    public final Random random;
    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private final Map<Endpoint, Listener> listeners = new HashMap<>();
    private final Map<Endpoint, Integer> failures = new HashMap<>();
    private final Map<Endpoint, Long> delays = new HashMap<>();
    private final Map<Endpoint, DatagramListener> datagramListeners = new HashMap<>();
    private long nowNanos = 1_000_000_000L;
    private long order;
    /** Links of both kinds that were made and not closed. */
    private int open;
    private int made;
    /** One in so many calls answers AGAIN without need or does only a part; 0: none. */
    private int moody;
    /** What a link's kernel holds in each direction. */
    private int bufferBytes = 64 << 10;
    private int mtu = Integer.MAX_VALUE;
    /** Whether links can be peeked at. */
    private boolean peeks = true;
    /** Whether new sockets can be made. */
    private boolean exhausted;
    /** Below zero: what sending any datagram answers. */
    private int datagramError;

    public SimNet(long seed) {
        this.random = new Random(seed);
    }

    public static long v4(int a, int b, int c, int d) {
        return 0x0000_ffff_0000_0000L | (long) a << 24 | b << 16 | c << 8 | d;
    }

    public SimNet moody(int oneIn) {
        this.moody = oneIn;
        return this;
    }

    public SimNet buffers(int bytes) {
        this.bufferBytes = bytes;
        return this;
    }

    public SimNet peeks(boolean peeks) {
        this.peeks = peeks;
        return this;
    }

    boolean peeks() {
        return peeks;
    }

    public SimNet exhausted(boolean exhausted) {
        this.exhausted = exhausted;
        return this;
    }

    /** Sending a datagram fails from now on. */
    public void refuseDatagrams(int socketError) {
        datagramError = socketError;
    }

    int datagramError() {
        return datagramError;
    }

    /** Datagrams that may not become fragments have to fit into packets of so many bytes. */
    public SimNet mtu(int bytes) {
        this.mtu = bytes;
        return this;
    }

    int mtu() {
        return mtu;
    }

    public void listen(long hi, long lo, int port, Listener listener) {
        listeners.put(new Endpoint(hi, lo, port), listener);
    }

    /** Connecting there fails with this error; AGAIN: is never answered. */
    public void fail(long hi, long lo, int port, int socketError) {
        failures.put(new Endpoint(hi, lo, port), socketError);
    }

    /** Connecting there takes so long. */
    public void slow(long hi, long lo, int port, long nanos) {
        delays.put(new Endpoint(hi, lo, port), nanos);
    }

    public void listenDatagrams(long hi, long lo, int port, DatagramListener listener) {
        datagramListeners.put(new Endpoint(hi, lo, port), listener);
    }

    public long nowNanos() {
        return nowNanos;
    }

    public int openLinks() {
        return open;
    }

    public int madeLinks() {
        return made;
    }

    /** Runs an action after a delay. */
    public void after(long delayNanos, LongConsumer action) {
        events.add(new Event(nowNanos + delayNanos, order++, action));
    }

    /** When something happens next; Long.MAX_VALUE: never. */
    public long nextNanos() {
        return events.isEmpty() ? Long.MAX_VALUE : events.peek().atNanos();
    }

    /** Jumps to a moment and runs all that is due by then, not later. */
    public void advanceTo(long untilNanos) {
        while (!events.isEmpty() && events.peek().atNanos() <= untilNanos) {
            Event event = events.poll();
            nowNanos = Math.max(nowNanos, event.atNanos());
            event.action().accept(nowNanos);
        }
        nowNanos = Math.max(nowNanos, untilNanos);
    }

    /** Runs until nothing is left to happen. */
    public void settle() {
        while (!events.isEmpty()) {
            advanceTo(events.peek().atNanos());
        }
    }

    @Override
    public Link connect(long hi, long lo, int port, LinkOwner owner) {
        SimLink link = new SimLink(this, owner, bufferBytes);
        opened();
        Endpoint target = new Endpoint(hi, lo, port);
        if (exhausted) {
            link.connected(SocketError.NO_RESOURCES, null);
        } else if (failures.getOrDefault(target, 0) != SocketError.AGAIN) {
            after(delays.getOrDefault(target, delayNanos()),
                    now -> link.settle(failures.getOrDefault(target, 0), listeners.get(target), now));
        }
        return link;
    }

    @Override
    public DatagramLink datagrams(boolean v6, LinkOwner owner) {
        opened();
        return new SimDatagramLink(this, owner, null, exhausted ? SocketError.NO_RESOURCES : 0);
    }

    @Override
    public DatagramLink connectedDatagrams(long hi, long lo, int port, LinkOwner owner) {
        opened();
        Endpoint to = new Endpoint(hi, lo, port);
        int result = exhausted ? SocketError.NO_RESOURCES : failures.getOrDefault(to, 0);
        return new SimDatagramLink(this, owner, to, result);
    }

    DatagramListener datagramListener(Endpoint to) {
        return datagramListeners.get(to);
    }

    /** The handler of a connection to this target, for servers that pass on; null: nobody listens. */
    public SimServer handlerAt(long hi, long lo, int port) {
        Listener listener = listeners.get(new Endpoint(hi, lo, port));
        return listener == null ? null : listener.get();
    }

    long delayNanos() {
        return 10_000 + random.nextInt(1_000_000);
    }

    /** Whether this call is one that does less than it could. */
    boolean inMood() {
        return moody > 0 && random.nextInt(moody) == 0;
    }

    void opened() {
        open++;
        made++;
    }

    void closed() {
        open--;
    }
}
