package wireleap.tun.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** GET /explain over a kernel that was made up. */
@Timeout(20)
class ExplainTest {
    private TestApi api;

    @BeforeEach
    void open() throws IOException {
        api = TestApi.open();
    }

    @AfterEach
    void close() throws IOException {
        api.close();
    }

    @Test
    void bothSidesAreToldAndWhetherTheyAgree() throws IOException {
        assertEquals("{\"addr\":\"192.0.2.1\",\"kernel\":{\"rule\":\"pref 32766 lookup main\",\"table\":\"main\","
                + "\"entry\":\"default via 203.0.113.1 dev eth0\",\"device\":\"eth0\"},"
                + "\"plan\":{\"way\":\"around\",\"why\":\"bypass entry 192.0.2.0/24\"},\"agree\":true}",
                api.get("/explain?addr=192.0.2.1").body());
    }

    @Test
    void anAddressMayBeSpeltAsAnEntry() throws IOException {
        assertEquals(200, api.get("/explain?addr=%3A%3Affff:192.0.2.1").status());
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {"''; an address is needed, such as /explain?addr=198.51.100.7",
        "?; an address is needed", "?address=192.0.2.1; an address is needed", "?addr=192.0.2.1&port=1; and nothing else",
        "?addr=proxy.example; names are not resolved here", "?addr=10.0.0.0/8; 10.0.0.0/8 is a network",
        "?addr=; addr: ", "?addr=fe80::1%25eth0; zone"})
    void whatIsNoAddressIsRefused(String query, String cause) throws IOException {
        RawClient.Answer refused = api.get("/explain" + query);
        assertEquals(400, refused.status());
        assertTrue(refused.body().contains(cause), refused::body);
    }

    @Test
    void aKernelThatDoesNotAnswerIsSaid() throws IOException {
        RawClient.Answer failed = api.get("/explain?addr=192.0.2.2");
        assertEquals(500, failed.status());
        assertTrue(failed.body().contains("ENOBUFS"), failed::body);
    }
}
