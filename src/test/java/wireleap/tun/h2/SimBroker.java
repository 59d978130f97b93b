package wireleap.tun.h2;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import wireleap.tun.upstream.Link;
import wireleap.tun.upstream.LinkOwner;
import wireleap.tun.upstream.SimLink;
import wireleap.tun.upstream.SimNet;
import wireleap.tun.upstream.SocketError;

/**
 * A broker of the simulated network: each request is a link to its target. Better than today's: it carries an end of one
 * direction alone, so that nothing is missing that it has not reset. What it may do besides, its {@link Manners} say.
 */
public final class SimBroker extends Peer {
    private static final int MAX_CONCURRENT_STREAMS = 3;
    private static final int INITIAL_WINDOW_SIZE = 4;
    private static final int MAX_FRAME_SIZE = 5;
    private static final long MILLISECOND = 1_000_000;
    private static final int RESTLESS_MILLIS = 3000;

    /** How a broker behaves, on all of its connections. */
    public record Manners(int initialWindow, int connectionWindow, int maxFrameBytes, int maxStreams, boolean pads,
                          boolean fidgets, boolean breaks) {
        /** Any. */
        public static Manners of(Random random) {
            return new Manners(1 << 6 + random.nextInt(15), random.nextBoolean() ? 65_535 : 1 << 17 + random.nextInt(4),
                    1 << 14 + random.nextInt(4), 1 << random.nextInt(8), random.nextBoolean(), random.nextBoolean(),
                    random.nextInt(3) == 0);
        }
    }

    private final Manners manners;
    private final Map<Integer, Flow> flows = new HashMap<>();
    /** By how much streams' windows shrink with each of the SETTINGS that the client has not acknowledged. */
    private final Deque<Integer> shrinking = new ArrayDeque<>();
    private SimNet net;
    /** Of a stream, and what is left of the connection's, towards the client. */
    private int clientWindow = 65_535;
    private long connectionWindow = 65_535;
    private int lastStream;
    private boolean gone;

    public SimBroker(Manners manners) {
        this.manners = manners;
        initialWindow = manners.initialWindow();
        maxFrame = manners.maxFrameBytes();
        settings = new int[] {INITIAL_WINDOW_SIZE, manners.initialWindow(), MAX_FRAME_SIZE, manners.maxFrameBytes(),
            MAX_CONCURRENT_STREAMS, manners.maxStreams()};
    }

    @Override
    public void onOpen(SimLink opened) {
        net = opened.net();
        shrinking.add(0);
        super.onOpen(opened);
        if (manners.connectionWindow() > 65_535) {
            widen(0, manners.connectionWindow() - 65_535);
        }
        for (int i = 0; manners.fidgets() && i < 20; i++) {
            later(this::fidget);
        }
        if (manners.breaks()) {
            later(this::doHarm);
        }
    }

    private void later(Runnable action) {
        net.after(net.random.nextInt(RESTLESS_MILLIS) * MILLISECOND, now -> {
            if (!gone) {
                action.run();
            }
        });
    }

    /** Something that no flow may notice. */
    private void fidget() {
        switch (net.random.nextInt(5)) {
            case 0 -> send(Frame.PING, 0, 0, new byte[8]);
            case 1 -> send(0xbe, 0xff, 1, new byte[net.random.nextInt(30_000)]);
            case 2 -> send(Frame.PRIORITY, 0, 1 + net.random.nextInt(99), new byte[5]);
            case 3 -> {
                shrinking.add(0);
                settings(MAX_CONCURRENT_STREAMS, 1 + net.random.nextInt(99));
            }
            default -> changeWindow(1 << 6 + net.random.nextInt(15));
        }
    }

    private void changeWindow(int window) {
        long by = window - initialWindow - shrinking.stream().mapToInt(Integer::intValue).sum();
        settings(INITIAL_WINDOW_SIZE, window);
        shrinking.add((int) Math.min(by, 0));
        if (by > 0) {
            move(by);
        }
    }

    private void move(long by) {
        initialWindow += by;
        windows.replaceAll((id, window) -> id == 0 ? window : window + by);
    }

    /** Something that ends flows, perhaps all of them. */
    private void doHarm() {
        switch (net.random.nextInt(6)) {
            case 0 -> List.copyOf(flows.values()).forEach(Flow::fail);
            case 1 -> numbers(Frame.GOAWAY, 0, 0, lastStream, ErrorCode.NO_ERROR);
            case 2 -> {
                numbers(Frame.GOAWAY, 0, 0, lastStream / 2, ErrorCode.INTERNAL_ERROR);
                List.copyOf(flows.values()).stream().filter(flow -> flow.id > lastStream / 2).forEach(Flow::drop);
            }
            case 3 -> {
                link.serverSend(new byte[1 + net.random.nextInt(8)]); // the beginning of a frame
                leave();
                link.serverFinish();
            }
            case 4 -> {
                link.serverSend(Peer.hex("ffffff 00 00 00000001"));
                leave();
            }
            default -> {
                leave();
                link.serverReset();
            }
        }
    }

    private void leave() {
        gone = true;
        List.copyOf(flows.values()).forEach(Flow::drop);
    }

    @Override
    public void onBytes(SimLink from, byte[] bytes) {
        if (!gone) {
            super.onBytes(from, bytes);
        }
    }

    @Override
    public void onEnd(SimLink from) {
        leave();
        super.onEnd(from);
    }

    @Override
    public void onReset(SimLink from) {
        leave();
    }

    @Override
    void on(Got got) {
        super.on(got);
        frames.clear();
        Flow flow = flows.get(got.stream());
        switch (got.type()) {
            case Frame.HEADERS -> {
                lastStream = got.stream();
                flows.put(got.stream(), new Flow(got.stream(), target(headers(got))));
            }
            case Frame.DATA -> {
                if (flow != null) {
                    flow.say(got);
                } else if (got.payload().length > 0) {
                    widen(0, got.payload().length);
                }
            }
            case Frame.RST_STREAM -> {
                if (flow != null) {
                    flow.drop();
                }
            }
            case Frame.PING -> {
                if (!got.has(Frame.ACK)) {
                    send(Frame.PING, Frame.ACK, 0, got.payload());
                }
            }
            case Frame.SETTINGS -> onSettings(got);
            case Frame.WINDOW_UPDATE -> onWidening(got.stream(), got.number(0));
            default -> { }
        }
    }

    private static SimNet.Endpoint target(List<String> headers) {
        String prefix = "wl-dial-target: ";
        String[] parts = headers.stream().filter(line -> line.startsWith(prefix)).findFirst().orElseThrow()
                .substring(prefix.length()).split("[.:]");
        int[] octets = Arrays.stream(parts).mapToInt(Integer::parseInt).toArray();
        return new SimNet.Endpoint(0, SimNet.v4(octets[0], octets[1], octets[2], octets[3]), octets[4]);
    }

    private void onSettings(Got got) {
        if (got.has(Frame.ACK)) {
            move(shrinking.remove());
        }
        for (int at = 0; at < got.payload().length; at += PeerSettings.ENTRY_BYTES) {
            if (got.payload()[at + 1] == INITIAL_WINDOW_SIZE) {
                clientWindow = got.number(at + 2);
            }
        }
    }

    private void onWidening(int stream, int by) {
        if (stream == 0) {
            connectionWindow += by;
            List.copyOf(flows.values()).forEach(Flow::hear);
        } else if (flows.containsKey(stream)) {
            flows.get(stream).window += by;
            flows.get(stream).hear();
        }
    }

    /** A request and the link to its target. */
    private final class Flow implements LinkOwner {
        final int id;
        private final Link far;
        private final List<byte[]> unsent = new ArrayList<>();
        private final byte[] buffer = new byte[1 << 14];
        long window = clientWindow;
        private boolean connected;
        private boolean answered;
        private boolean upEnded;
        private boolean finishedUp;
        private boolean downEnded;

        Flow(int id, SimNet.Endpoint to) {
            this.id = id;
            this.far = net.connect(to.hi(), to.lo(), to.port(), this);
        }

        @Override
        public void onReady(int events, long nowNanos) {
            if (!connected) {
                int result = far.connectResult();
                if (result == SocketError.AGAIN) {
                    return;
                }
                if (result < 0) {
                    headers(id, true, ":status: 200");
                    drop();
                    return;
                }
                connected = true;
            }
            up();
            hear();
        }

        /** Of the client. */
        void say(Got got) {
            if (got.payload().length > 0) {
                unsent.add(got.payload());
            }
            upEnded |= got.has(Frame.END_STREAM);
            if (connected) {
                up();
            }
        }

        private void up() {
            boolean had = !unsent.isEmpty() || upEnded;
            while (isLive() && !unsent.isEmpty()) {
                byte[] first = unsent.getFirst();
                int sent = far.send(MemorySegment.ofArray(first), 0, first.length);
                if (sent == SocketError.AGAIN) {
                    return;
                }
                if (sent < 0) {
                    fail();
                    return;
                }
                widen(0, sent);
                widen(id, sent);
                unsent.set(0, Arrays.copyOfRange(first, sent, first.length));
                if (sent == first.length) {
                    unsent.removeFirst();
                }
            }
            if (had && upEnded && isLive()) {
                finish();
            }
        }

        private void finish() {
            if (!finishedUp) {
                finishedUp = true;
                far.shutdownWrite();
                closeIfDone();
            }
        }

        private boolean isLive() {
            return flows.get(id) == this;
        }

        /** Of the target: as much as the windows allow. */
        void hear() {
            while (isLive() && connected && !downEnded && Math.min(window, connectionWindow) > 0) {
                int padding = manners.pads() && window > 400 && connectionWindow > 400 ? net.random.nextInt(256) : -1;
                int most = (int) Math.min(Math.min(window, connectionWindow) - padding - 1, buffer.length);
                int came = far.recv(MemorySegment.ofArray(buffer), 0, most);
                if (came == SocketError.AGAIN) {
                    return;
                }
                if (came < 0) {
                    fail();
                } else if (came == 0) {
                    end();
                } else {
                    pass(Arrays.copyOf(buffer, came), padding);
                }
            }
        }

        private void answer() {
            if (!answered) {
                answered = true;
                headers(id, false, ":status: 200", "date: today");
            }
        }

        private void pass(byte[] bytes, int padding) {
            answer();
            int length = bytes.length + padding + 1;
            window -= length;
            connectionWindow -= length;
            if (padding < 0) {
                data(id, false, bytes);
            } else {
                byte[] padded = new byte[length];
                padded[0] = (byte) padding;
                System.arraycopy(bytes, 0, padded, 1, bytes.length);
                SimBroker.this.send(Frame.DATA, Frame.PADDED, id, padded);
            }
        }

        private void end() {
            downEnded = true;
            if (!answered) {
                headers(id, true, ":status: 200");
            } else if (net.random.nextBoolean()) {
                data(id, true, "");
            } else {
                headers(id, true, "wl-status: {\"code\":200}");
            }
            closeIfDone();
        }

        private void closeIfDone() {
            if (downEnded && finishedUp) {
                flows.remove(id);
                far.close();
            }
        }

        /** Says that it has failed, in one of the ways there are. */
        void fail() {
            if (downEnded || net.random.nextBoolean()) {
                numbers(Frame.RST_STREAM, 0, id, ErrorCode.INTERNAL_ERROR);
            } else {
                answer();
                headers(id, true, "wl-status: {\"code\":502}");
            }
            drop();
        }

        /** The target sees a reset. */
        void drop() {
            flows.remove(id);
            far.reset();
        }
    }
}
