package wireleap.tun.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import wireleap.tun.os.linux.gen.Linux;
import wireleap.tun.os.linux.netlink.LinkEntry;

class LeftTunTest {
    private static final int WITHOUT_READER = Linux.IFF_UP();
    private static final int WITH_READER = Linux.IFF_UP() | Linux.IFF_LOWER_UP();

    private static List<Finding> found(String alias, int flags) {
        return LeftTun.check(List.of(new LinkEntry(7, "wltun3", alias, flags, 1500, 1000)));
    }

    @Test
    void oursThatNobodyReadsIsNotedWithTheWayOut() {
        List<Finding> found = found("wireleap_tun", WITHOUT_READER);
        assertEquals("wltun3", found.getFirst().subject());
        assertTrue(found.getFirst().advice().contains("'wireleap_tun cleanup'"));
    }

    @Test
    void ofALivingDaemonNothingIsSaid() {
        assertEquals(List.of(), found("wireleap_tun", WITH_READER));
    }

    @Test
    void ofOthersNothingIsSaid() {
        assertEquals(List.of(), found("", WITHOUT_READER));
    }
}
