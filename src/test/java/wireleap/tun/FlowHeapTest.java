package wireleap.tun;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import wireleap.tun.cli.ConfigException;

/** More flows than the heap has room for are refused before there is a daemon. */
class FlowHeapTest {
    private static final long MIB = 1 << 20;
    private static final long SURVIVOR_BYTES = 3 * MIB / 2;      // Runtime.maxMemory() leaves one out

    /** What lib/java.options lets the heap be. */
    private static long shippedHeapBytes() throws IOException {
        String options = Files.readString(Path.of("src", "main", "dist", "lib", "java.options"));
        Matcher most = Pattern.compile("(?m)^-Xmx(\\d+)m$").matcher(options);
        assertTrue(most.find());
        return Long.parseLong(most.group(1)) * MIB - SURVIVOR_BYTES;
    }

    private static String refusal(int flows, int sessions, long heapBytes) {
        return assertThrows(ConfigException.class, () -> FlowHeap.require(flows, sessions, heapBytes)).getMessage();
    }

    @Test
    void whatIsUsualFitsIntoTheHeapThatIsShipped() throws IOException {
        long heapBytes = shippedHeapBytes();
        assertDoesNotThrow(() -> FlowHeap.require(16_384, 8_192, heapBytes));
    }

    @Test
    void moreIsRefusedWithWhatFitsAndWhatToWriteWhere() throws IOException {
        String refusal = refusal(100_000, 8_192, shippedHeapBytes());
        assertEquals("--max-flows 100000 with --max-udp-sessions 8192: these need 365 MiB of Java heap, and there are 126:"
                + " ask for 18602 flows at most, or write -Xmx377m into "
                + Path.of(System.getProperty("java.home")).resolveSibling("lib/java.options"), refusal);
    }

    @Test
    void whatIsSaidToFitFits() {
        long heapBytes = 96 * MIB;
        int flows = Integer.parseInt(refusal(1 << 20, 8_192, heapBytes).replaceFirst(".*ask for (\\d+) flows.*", "$1"));
        assertDoesNotThrow(() -> FlowHeap.require(flows, 8_192, heapBytes));
        refusal(flows + 1, 8_192, heapBytes);
    }

    @Test
    void theHeapThatIsAskedForIsEnough() {
        long mebibytes = Long.parseLong(refusal(1 << 20, 1 << 20, 96 * MIB).replaceFirst(".*-Xmx(\\d+)m.*", "$1"));
        assertDoesNotThrow(() -> FlowHeap.require(1 << 20, 1 << 20, mebibytes * MIB - SURVIVOR_BYTES));
    }

    @Test
    void sessionsAloneMayBeTooMany() {
        assertTrue(refusal(1, 1 << 20, 96 * MIB).contains(": ask for fewer sessions, or "));
    }
}
