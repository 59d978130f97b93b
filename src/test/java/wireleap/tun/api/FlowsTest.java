package wireleap.tun.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** GET /flows over flows that were made up. */
@Timeout(20)
class FlowsTest {
    private static final int LATE = 60_000;
    private TestApi api;

    @BeforeEach
    void open() throws IOException {
        api = TestApi.open();
        api.flows().add("tcp", "10.13.49.0", 1001, "192.0.2.1", 443, "established")
                .add("tcp", "10.13.49.0", 1002, "192.0.2.2", 80, "dialling")
                .add("udp", "10.13.49.0", 1003, "192.0.2.1", 53, "open")
                .add("udp", "fd57::1", 1004, "", 0, "dialling")
                .add("tcp", "fd57::1", 1005, "2001:db8::7", 443, "close-wait");
    }

    @AfterEach
    void close() throws IOException {
        api.close();
    }

    private String body(String query) throws IOException {
        try (RawClient client = api.connect()) {
            RawClient.Answer head = client.get("/flows" + query).head();
            assertEquals(200, head.status());
            assertEquals("application/json", head.field("Content-Type"));
            return client.chunks();
        }
    }

    /** The clients' ports of the flows that are listed, and whether there are more. */
    private String listed(String query) throws IOException {
        Map<String, Object> answer = JSON.std.mapFrom(body(query));
        StringBuilder ports = new StringBuilder();
        for (Object flow : (List<?>) answer.get("flows")) {
            String client = (String) ((Map<?, ?>) flow).get("client");
            ports.append(client.substring(client.lastIndexOf(':') + 4));
        }
        return ports + (answer.get("more").equals(true) ? "+" : "");
    }

    @Test
    void aFlowHasItsEndsAndWhatWentBothWays() throws IOException {
        assertEquals("{\"flows\":[{\"protocol\":\"tcp\",\"client\":\"[fd57::1]:1005\","
                + "\"target\":\"[2001:db8::7]:443\",\"state\":\"close-wait\",\"upstream\":\"direct\","
                + "\"ageMillis\":1500,\"up\":{\"bytes\":10,\"buffered\":1},"
                + "\"down\":{\"bytes\":20000,\"buffered\":2}}],\"more\":false}", body("?port=1005"));
    }

    @ParameterizedTest
    @CsvSource({"'',12345", "?,12345", "?protocol=udp,34", "?addr=192.0.2.1,13", "?addr=192.0.2.0%2F30,123",
        "?addr=fd57::/16,45", "?port=443,15", "?port=1002,2", "?state=dialling,24", "?state=established,1",
        "?protocol=udp&state=dialling,4", "?addr=192.0.2.1&port=443,1", "?addr=192.0.2.1&port=80,''", "?limit=2,12+",
        "?limit=5,12345", "?port=443&limit=1,1+"})
    void eachFilterLeavesWhatItNames(String query, String ports) throws IOException {
        assertEquals(ports, listed(query));
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {"ports=1; there is no parameter \"ports\"; there are addr, limit, port",
        "protocol=icmp; must be one of tcp, udp", "addr=proxy.example; names are not resolved here",
        "port=0; must be a number from 1 to 65535", "port=65536; must be a number from 1 to 65535",
        "limit=0; must be a number from 1 to 1048576", "limit=-1; must be a number", "state=none; must be one of dialling",
        "port; the query is not NAME=VALUE", "=1; the query is not NAME=VALUE", "port=1&port=2; is there twice",
        "port=%g1; not followed by two hexadecimal digits"})
    void whatIsNotUnderstoodIsRefused(String query, String cause) throws IOException {
        RawClient.Answer refused = api.get("/flows?" + query);
        assertEquals(400, refused.status());
        assertTrue(refused.body().contains(cause.strip().replace("\"", "\\\"")), refused::body);
    }

    @Test
    void aListingThatCannotGoOnIsCutShort() throws IOException {
        api.flows().broken();
        assertThrows(IOException.class, () -> body(""));
    }

    @Test
    void whoDoesNotReadAListingIsCutHoweverSmallItsPieces() throws Exception {
        api.close();
        api = TestApi.open(TestApi.times(LATE, LATE, LATE, 300, LATE));
        for (int i = 0; i < 10_000; i++) {
            api.flows().add("tcp", "10.13.49.0", 1001, "192.0.2.1", 443, "established");
        }
        try (RawClient client = api.connect()) {
            client.get("/flows?limit=10000");
            Thread.sleep(1_000);
            client.head();
            assertThrows(IOException.class, client::chunks);
        }
    }

    @Test
    void aListingGivesItsPlaceBack() throws IOException {
        try (RawClient client = api.connect()) {
            for (int i = 0; i < 10; i++) {
                client.get("/flows");
                assertEquals(200, client.head().status());
                client.chunks();
            }
        }
    }
}
