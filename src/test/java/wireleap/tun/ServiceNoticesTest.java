package wireleap.tun;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wireleap.tun.events.Event;

class ServiceNoticesTest {
    @ParameterizedTest
    @CsvSource({"active, '', 'READY=1|STATUS=active'", "active, repaired, 'READY=1|STATUS=active: repaired'",
        "failed, the TUN is gone, 'STATUS=failed: the TUN is gone'", "deactivating, '', 'STOPPING=1|STATUS=deactivating'"})
    void eachStateHasItsNotice(String state, String why, String notice) {
        assertEquals(notice, ServiceNotices.text(new Event.StateChanged("activating", state, why)).replace('\n', '|'));
    }
}
