package wireleap.tun;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import wireleap.tun.api.FlowSource;
import wireleap.tun.api.OpenFlow;
import wireleap.tun.flow.FlowPage;
import wireleap.tun.loop.Loops;
import wireleap.tun.policy.IpPrefix;

/**
 * What GET /flows lists: each loop copies a page of its flows at a time into plain numbers, and what reads them here is
 * the thread that asks, a virtual one. A platform thread does the posting, because that makes a system call.
 */
final class FlowReport implements FlowSource {
    private static final long PAGE_SECONDS = 5;
    private static final int ADDRESS_BITS = 128;

    private final Supplier<Optional<Loops>> loops;
    private final String upstream;
    private final Executor poster;

    /**
     * Knows where to ask.
     *
     * @param loops none before there is a TUN
     * @param poster runs what it is given on a platform thread
     */
    FlowReport(Supplier<Optional<Loops>> loops, String upstream, Executor poster) {
        this.loops = loops;
        this.upstream = upstream;
        this.poster = poster;
    }

    @Override
    public Pages pages() {
        return new Walk(loops.get());
    }

    private final class Walk implements Pages {
        private final Optional<Loops> running;
        private final Set<Long> seen = new HashSet<>();
        private FlowPage page = new FlowPage();
        private int loop;

        Walk(Optional<Loops> running) {
            this.running = running;
        }

        @Override
        public boolean hasNext() {
            return running.isPresent() && loop < running.get().size();
        }

        @Override
        public List<OpenFlow> next() throws IOException, InterruptedException {
            long nowNanos = fill();
            List<OpenFlow> flows = new ArrayList<>();
            for (int row = 0; row < page.count(); row++) {
                if (seen.add(page.number(row) << 1 | (page.isTcp(row) ? 1 : 0))) {
                    flows.add(flow(row, nowNanos));
                }
            }
            if (page.isLast()) {
                page = new FlowPage();
                seen.clear();
                loop++;
            }
            return flows;
        }

        /** Has the page filled, and says when that was, on the loop's clock. */
        private long fill() throws IOException, InterruptedException {
            CompletableFuture<Long> filled = new CompletableFuture<>();
            poster.execute(() -> {
                if (!running.get().post(loop, (stack, nowNanos) -> {
                    stack.copyFlows(page);
                    filled.complete(nowNanos);
                })) {
                    filled.completeExceptionally(new IOException("a packet loop is too busy, or has ended"));
                }
            });
            try {
                return filled.get(PAGE_SECONDS, TimeUnit.SECONDS);
            } catch (ExecutionException | TimeoutException e) {
                throw new IOException("a packet loop does not list its flows", e);
            }
        }

        private OpenFlow flow(int row, long nowNanos) {
            boolean isTcp = page.isTcp(row);
            OpenFlow.Endpoint target = endpoint(page.targetHi(row), page.targetLo(row), page.targetPort(row));
            return new OpenFlow(isTcp ? "tcp" : "udp",
                    endpoint(page.clientHi(row), page.clientLo(row), page.clientPort(row)),
                    page.targetPort(row) == 0 ? Optional.empty() : Optional.of(target), state(row), upstream,
                    Math.max(0, nowNanos - page.openedNanos(row)) / 1_000_000,
                    new OpenFlow.Direction(page.bytesUp(row), page.heldUp(row)),
                    new OpenFlow.Direction(page.bytesDown(row), page.heldDown(row)));
        }

        private String state(int row) {
            return page.isTcp(row) ? page.state(row).name().toLowerCase(Locale.ROOT).replace('_', '-')
                    : page.isOpen(row) ? "open" : "dialling";
        }
    }

    private static OpenFlow.Endpoint endpoint(long hi, long lo, int port) {
        return new OpenFlow.Endpoint(new IpPrefix(hi, lo, ADDRESS_BITS), port);
    }
}
