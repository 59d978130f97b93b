package wireleap.tun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wireleap.tun.api.FlowSource;
import wireleap.tun.loop.Loops;
import wireleap.tun.upstream.Direct;

/** What GET /flows is given by loops that run, and by those that do not. */
@Timeout(20)
class FlowReportTest {
    private final Arena memory = Arena.ofShared();
    private SimulatedPlatform platform;
    private Loops loops;

    @BeforeEach
    void make() throws IOException {
        platform = new SimulatedPlatform();
        Config config = ConfigTest.config("--upstream", "direct");
        loops = new LoopMaker(config, platform, LoopNews.of(config, new DaemonState(config, "1.2.3"))).make(
                platform.openTun("wltun0", 1).queues(), (links, slab, counters) -> new Direct(links,
                        UpstreamAddress.DIAL_TIMEOUT_NANOS, counters), memory, cause -> {
                    throw new AssertionError(cause);
                });
    }

    @AfterEach
    void end() throws Exception {
        loops.stop();
        platform.close();
        memory.close();
    }

    private static FlowSource.Pages pages(Optional<Loops> loops) {
        return new FlowReport(() -> loops, "direct", Runnable::run).pages();
    }

    @Test
    void beforeThereIsATunThereIsNothingToList() {
        assertFalse(pages(Optional.empty()).hasNext());
    }

    @Test
    void eachLoopIsAskedUntilItHasNoMore() throws Exception {
        loops.start();
        FlowSource.Pages pages = pages(Optional.of(loops));
        assertTrue(pages.hasNext());
        while (pages.hasNext()) {
            assertEquals(List.of(), pages.next());
        }
    }

    @Test
    void aLoopThatHasEndedIsToldOfAtOnce() throws Exception {
        loops.start();
        FlowSource.Pages pages = pages(Optional.of(loops));
        loops.stop();
        assertEquals("a packet loop does not list its flows",
                assertThrows(IOException.class, pages::next).getMessage());
    }
}
