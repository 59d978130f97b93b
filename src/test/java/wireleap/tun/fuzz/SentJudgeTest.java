package wireleap.tun.fuzz;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** That the judges of the fuzz tests can find anybody guilty. */
class SentJudgeTest {
    private final Frames frame = new Frames();
    private final SentJudge judge = new SentJudge(1500);

    /** An ACK without options that leaves its checksum to the kernel; at 32 in IPv4 begins the TCP header. */
    private void segment(boolean v6) {
        int tcp = frame.begin(v6, Sums.TCP, 20);
        Sums.put16(frame.bytes, tcp, 80);
        Sums.put16(frame.bytes, tcp + 2, 1000);
        frame.bytes[tcp + 12] = 0x50;
        frame.bytes[tcp + 13] = 0x10;
        frame.bytes[6] = (byte) (tcp - Sums.VIRTIO);
        frame.bytes[8] = 16;
        frame.seal(0, new Input(new byte[0], 0));
    }

    private void judge() {
        judge.look(frame.bytes, frame.length);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aGoodSegmentPasses(boolean v6) {
        segment(v6);
        judge();
    }

    @ParameterizedTest
    @CsvSource({
        "0, 2, virtio flags",
        "1, 1, GSO without need",
        "6, 21, csum_start",
        "8, 6, csum_offset",
        "15, 41, total length",
        "22, 1, header checksum",
        "44, 64, data offset",
        "45, 18, pseudo-header",
    })
    void aWrongByteIsFound(int at, int value, String what) {
        segment(false);
        frame.bytes[at] = (byte) value;
        if (what.startsWith("pseudo")) {
            frame.bytes[48] ^= 1;
        }
        assertThrows(AssertionError.class, this::judge, what);
    }

    @Test
    void aPacketAboveTheMtuIsFound() {
        int icmp = frame.begin(false, Sums.ICMP4, 1481);
        frame.seal(1, new Input(new byte[0], 0));
        assertThrows(AssertionError.class, this::judge, "at " + icmp);
    }

    @ParameterizedTest
    @ValueSource(ints = {Sums.TCP, Sums.UDP, Sums.ICMP4})
    void aBitThatChangesUnderAWholeChecksumIsDamage(int protocol) {
        int transport = frame.begin(false, protocol, 40);
        frame.udp(transport, 1, 2, 40);
        frame.seal(1, new Input(new byte[0], 0));
        assertTrue(!Sums.isDamaged(frame.bytes, frame.length));
        frame.bytes[transport + 30] ^= 4;
        assertTrue(Sums.isDamaged(frame.bytes, frame.length));
    }

    @Test
    void whatTakesLongEveryTimeIsAFinding() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        Target slow = (input, watch) -> {
            watch.begin();
            long endNanos = threads.getCurrentThreadCpuTime() + 2 * Fuzzer.MOST_NANOS;
            while (threads.getCurrentThreadCpuTime() < endNanos) {
                Thread.onSpinWait();
            }
            watch.end();
        };
        assertThrows(AssertionError.class, () -> Fuzzer.run("slow", slow, new byte[1]));
    }

    @Test
    void whatTakesLongOnceIsNone() throws Exception {
        int[] runs = {0};
        Target slowOnce = (input, watch) -> {
            watch.begin();
            if (runs[0]++ == 0) {
                Thread.sleep(5);
            }
            watch.end();
        };
        Fuzzer.run("slow once", slowOnce, new byte[1]);
    }
}
