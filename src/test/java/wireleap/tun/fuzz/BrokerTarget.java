package wireleap.tun.fuzz;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import wireleap.tun.h2.H2Settings;
import wireleap.tun.h2.H2Watch;
import wireleap.tun.h2.H2c;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Slab;
import wireleap.tun.upstream.DatagramMeta;
import wireleap.tun.upstream.DatagramOwner;
import wireleap.tun.upstream.DatagramSession;
import wireleap.tun.upstream.Refusal;
import wireleap.tun.upstream.SocketError;
import wireleap.tun.upstream.StreamOwner;
import wireleap.tun.upstream.UpstreamStatus;
import wireleap.tun.upstream.UpstreamStream;

/**
 * A broker that says anything over HTTP/2, to flows and a session: the frames, the windows, the memory. The bytes are a
 * program: frames that are whole, bytes that are none, what flows do, time. Looked at: that it comes to rest, and that
 * nothing is left of it after its close.
 */
final class BrokerTarget implements Target {
    private static final int SLAB_BYTES = 512 << 10;
    private static final int SMALL_SLAB_BYTES = 192 << 10;
    private static final long PATIENCE_NANOS = 20_000_000_000L;
    private static final long START_NANOS = 1_000_000_000L;
    private static final long HOUR_NANOS = 3_600_000_000_000L;
    private static final int FLOWS = 4;
    private static final int FRAME_TYPES = 11;
    private static final int MOST_ZEROS = 70_000;
    private static final int MOST_STEPS = 1000;
    private static final int MOST_SEGMENTS = 64;
    private static final int TURNS_TO_REST = 2000;
    private static final int HEADERS = 1;
    private static final int END_HEADERS = 4;
    private static final byte STATUS_200 = (byte) 0x88;
    private static final H2Watch DEAF = new H2Watch() {
        @Override
        public void onStatus(UpstreamStatus status, int socketError) {
        }

        @Override
        public void onStreamStatus(String status) {
        }

        @Override
        public void onConnectionLost(String why, int flows) {
        }
    };

    private final MemorySegment memory = Arena.ofAuto().allocate(SLAB_BYTES, 4096);
    private final MemorySegment buffer = Arena.ofAuto().allocate(DatagramSession.RECEIVE_BYTES);

    // of the present program
    private HostileLinks links;
    private H2c h2;
    private Flow[] flows;
    private Session session;
    private long nowNanos;

    @Override
    public void run(Input input, Stopwatch watch) {
        int manners = input.u8();
        memory.fill((byte) 0); // what a socket gives without saying what is the same each time
        Slab slab = new Slab(memory.asSlice(0, (manners & 1) == 0 ? SLAB_BYTES : SMALL_SLAB_BYTES));
        links = new HostileLinks(false);
        h2 = new H2c(links, new H2Settings(0, Place.RELAY_4, Place.RELAY_PORT, "192.0.2.1:1080", "/broker", PATIENCE_NANOS,
                (manners & 2) == 0 ? 0 : PATIENCE_NANOS), slab, new Counters(), DEAF);
        nowNanos = START_NANOS;
        flows = new Flow[FLOWS];
        for (int i = 0; i < FLOWS; i++) {
            flows[i] = new Flow();
        }
        session = new Session();
        for (int steps = 0; !input.isEmpty() && steps < MOST_STEPS; steps++) {
            watch.time(() -> step(input));
            watch.time(this::turn);
        }
        end(slab);
    }

    private void step(Input input) {
        int operation = input.u8();
        switch (operation & 7) {
            case 0 -> say(input.u8() % FRAME_TYPES, input.u8(), stream(input.u8()), input.bytes(input.u8()));
            case 1 -> say(input.u8() % FRAME_TYPES, input.u8(), stream(input.u8()),
                    new byte[Math.min(input.u16(), MOST_ZEROS)]);
            case 2 -> say(HEADERS, END_HEADERS | operation >> 3 & 1, stream(input.u8()), new byte[] {STATUS_200});
            case 3 -> links.obeyStream(input, nowNanos);
            case 4 -> nowNanos += 1L << 8 + (operation >> 3);
            case 5 -> nowNanos = Math.max(nowNanos, Math.min(h2.deadlineNanos(), nowNanos + HOUR_NANOS));
            case 6 -> flows[operation >> 3 & FLOWS - 1].act(operation >> 5, input);
            default -> session.act(operation >> 3, input);
        }
    }

    /** A frame (RFC 9113 section 4.1) on the newest connection. */
    private void say(int type, int flags, int stream, byte[] payload) {
        if (links.streams.isEmpty()) {
            return;
        }
        byte[] frame = new byte[9 + payload.length];
        frame[0] = (byte) (payload.length >> 16);
        frame[1] = (byte) (payload.length >> 8);
        frame[2] = (byte) payload.length;
        frame[3] = (byte) type;
        frame[4] = (byte) flags;
        frame[8] = (byte) stream;
        System.arraycopy(payload, 0, frame, 9, payload.length);
        links.streams.getLast().say(frame, nowNanos);
    }

    /** One of the first streams of ours; or above 127, any. */
    private static int stream(int choice) {
        return choice < 128 ? 2 * (choice & 15) + 1 : choice & 127;
    }

    private void turn() {
        if (h2.deadlineNanos() <= nowNanos) {
            h2.onTimer(nowNanos);
        }
    }

    private void end(Slab slab) {
        for (int i = 0; i < TURNS_TO_REST && h2.deadlineNanos() <= nowNanos; i++) {
            turn();
        }
        must(h2.deadlineNanos() > nowNanos, "it does not come to rest");
        for (Flow flow : flows) {
            flow.end();
        }
        session.end();
        h2.close();
        must(slab.usedBytes() == 0 && links.open() == 0,
                slab.usedBytes() + " bytes and " + links.open() + " sockets are left");
    }

    private static void must(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    /** Whose a stream is. */
    private final class Flow implements StreamOwner {
        private UpstreamStream stream;
        private boolean connected;
        private boolean refused;
        private boolean finished;
        private boolean ended;
        /** Whether what was read stays. */
        private boolean keeps;
        private int held;

        void act(int what, Input input) {
            if (stream == null) {
                open();
                return;
            }
            switch (what) {
                case 0, 1 -> write(input.u16());
                case 2 -> keeps = true;
                case 3 -> {
                    keeps = false;
                    read();
                }
                case 4, 5 -> finish();
                default -> end();
            }
        }

        private void open() {
            connected = false;
            finished = false;
            ended = false;
            held = 0;
            stream = h2.open(0, Place.TARGET_4, 80, this, nowNanos);
            refused = stream.refusal() != Refusal.NONE;
        }

        private void write(int length) {
            if (connected && !finished && length > 0) {
                must(stream.write(buffer, 0, length) <= length, "more was taken than there was");
            }
        }

        private void finish() {
            if (connected && !finished) {
                finished = true;
                stream.finish();
            }
        }

        void end() {
            if (stream == null) {
                return;
            }
            if (refused || finished && ended) {
                stream.close();
            } else {
                stream.reset();
            }
            stream = null;
        }

        @Override
        public void onConnected(long now) {
            must(stream != null && !connected && !refused, "connected twice, or after its end");
            connected = true;
            read();
        }

        @Override
        public void onRefused(long now) {
            must(stream != null && !connected && stream.refusal() != Refusal.NONE, "refused without a reason");
            refused = true;
        }

        @Override
        public void onReady(int events, long now) {
            must(stream != null && connected, "told of a stream that is none");
            read();
            write(100);
        }

        private void read() {
            while (connected && !ended) {
                int came = stream.peek(buffer, 0, 1 << 15);
                must(came <= 1 << 15, "more came than was asked for");
                if (came == SocketError.AGAIN) {
                    break;
                }
                ended = came <= 0;
                held += Math.max(0, came);
            }
            if (!keeps && held > 0) {
                must(stream.discard(held) == held, "what was peeked at is not there");
                held = 0;
            }
        }
    }

    /** Whose the session is. */
    private final class Session implements DatagramOwner {
        private final DatagramMeta meta = new DatagramMeta();
        private DatagramSession session;
        private boolean deaf;

        void act(int what, Input input) {
            if (session == null) {
                session = h2.datagrams(false, this, nowNanos);
                deaf = false;
            } else if (what == 31) {
                end();
            } else if (what == 30) {
                deaf = true;
            } else {
                int length = input.u16();
                int segmentBytes = Math.max(1 + input.u16(), length / MOST_SEGMENTS + 1); // as a kernel cuts
                session.send(0, Place.TARGET_4 + (what & 3), 53, buffer, 0, length, segmentBytes, true);
            }
        }

        void end() {
            if (session != null) {
                session.close();
                session = null;
            }
        }

        @Override
        public void onOpened(long now) {
            must(session.isOpen(), "it is opened, and is not open");
        }

        @Override
        public void onEnded(long now) {
            must(session.refusal() != Refusal.NONE, "refused without a reason");
        }

        @Override
        public void onReady(int events, long now) {
            int came = 0;
            while (!deaf && came != SocketError.AGAIN) {
                came = session.recv(meta, buffer, 0, DatagramSession.RECEIVE_BYTES);
                must(came == SocketError.AGAIN || came >= 0, "a datagram of " + came + " bytes");
            }
        }
    }
}
