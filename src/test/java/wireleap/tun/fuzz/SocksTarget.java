package wireleap.tun.fuzz;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Slab;
import wireleap.tun.upstream.DatagramMeta;
import wireleap.tun.upstream.DatagramOwner;
import wireleap.tun.upstream.DatagramSession;
import wireleap.tun.upstream.Socks5;
import wireleap.tun.upstream.Socks5Settings;
import wireleap.tun.upstream.SocketError;
import wireleap.tun.upstream.StreamOwner;
import wireleap.tun.upstream.UpstreamStream;

/**
 * A SOCKS5 server that says anything, to streams one after the other, to a session, and to the connections that are made in
 * advance: handshakes, and the header before datagrams.
 */
final class SocksTarget implements Target {
    private static final int SLAB_BYTES = 192 << 10;
    private static final long PATIENCE_NANOS = 1_000_000;

    private final MemorySegment memory = Arena.ofAuto().allocate(SLAB_BYTES, 4096);

    @Override
    public void run(Input input, Stopwatch watch) {
        Slab slab = new Slab(memory);
        HostileLinks links = new HostileLinks(false);
        String login = (input.u8() & 1) == 0 ? "" : "me";
        Socks5 socks = new Socks5(links, new Socks5Settings(0, Place.RELAY_4, Place.RELAY_PORT, login, login, PATIENCE_NANOS),
                slab, new Counters(), (status, error) -> { });
        long scratch = slab.allocate(DatagramSession.RECEIVE_BYTES);
        Flow flow = new Flow(slab, scratch);
        flow.stream = socks.open(0, Place.TARGET_4, 80, flow, 0);
        flow.session = socks.datagrams(false, flow, 0);
        long nowNanos = 0;
        while (!input.isEmpty()) {
            int operation = input.u8();
            long now = nowNanos;
            switch (operation & 3) {
                case 0 -> watch.time(() -> links.obeyDatagrams(input, now));
                case 1 -> nowNanos += 1L << (operation >> 2 & 31);
                case 3 -> {
                    flow.stream.close();
                    flow.stream = socks.open(0, Place.TARGET_4, 80, flow, now);
                }
                default -> watch.time(() -> links.obeyStream(input, now));
            }
            watch.begin();
            socks.onTimer(nowNanos);
            watch.end();
        }
        flow.stream.close();
        flow.session.close();
        slab.free(scratch, DatagramSession.RECEIVE_BYTES);
        socks.close();
        if (slab.usedBytes() != 0 || links.open() != 0) {
            throw new AssertionError(slab.usedBytes() + " bytes and " + links.open() + " sockets are left");
        }
    }

    /** Who the stream and the session are for: reads whatever there is, and says a little. */
    private static final class Flow implements StreamOwner, DatagramOwner {
        private final Slab slab;
        private final long scratch;
        private final DatagramMeta meta = new DatagramMeta();
        private UpstreamStream stream;
        private DatagramSession session;

        Flow(Slab slab, long scratch) {
            this.slab = slab;
            this.scratch = scratch;
        }

        @Override
        public void onConnected(long nowNanos) {
            stream.write(slab.memory(), scratch, 100);
        }

        @Override
        public void onRefused(long nowNanos) {
            if (stream.refusal() == null) {
                throw new AssertionError("refused without a reason");
            }
        }

        @Override
        public void onOpened(long nowNanos) {
            session.send(0, Place.TARGET_4, 53, slab.memory(), scratch, 1000, 300, true);
        }

        @Override
        public void onEnded(long nowNanos) {
            session.send(0, Place.TARGET_4, 53, slab.memory(), scratch, 100, 100, true);
        }

        /** Both have the same events: both are read. */
        @Override
        public void onReady(int events, long nowNanos) {
            if (stream.read(slab.memory(), scratch, 1000) > 1000) {
                throw new AssertionError("more than was asked for");
            }
            for (int i = 0; i < 100; i++) {
                int came = session.recv(meta, slab.memory(), scratch, DatagramSession.RECEIVE_BYTES);
                if (came == SocketError.AGAIN) {
                    break;
                }
                if (came >= 0 && (meta.offset() < scratch
                        || meta.offset() + came > scratch + DatagramSession.RECEIVE_BYTES)) {
                    throw new AssertionError("a payload outside of what was received");
                }
            }
            session.unreachable(meta);
        }
    }
}
