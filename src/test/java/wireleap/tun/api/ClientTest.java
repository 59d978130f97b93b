package wireleap.tun.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wireleap.tun.client.BypassClient;
import wireleap.tun.client.BypassException;

/** The Java client and the server understand each other. */
@Timeout(30)
class ClientTest {
    private TestApi api;
    private BypassClient client;

    @BeforeEach
    void open() throws IOException {
        api = TestApi.open();
        client = new BypassClient(api.socket());
    }

    @AfterEach
    void close() throws IOException {
        api.close();
    }

    @Test
    void theStateIsReadable() throws Exception {
        assertEquals("active", client.state().get("state"));
    }

    @Test
    void theVersionIsReadable() throws Exception {
        assertEquals("1.2.3", client.version());
    }

    @Test
    void addAppends() throws Exception {
        client.add(List.of("1.2.3.4"));
        client.add(List.of("2001:db8::/32", "1.2.3.4/32"));
        assertEquals(List.of("1.2.3.4", "2001:db8::/32"), client.bypass().entries());
    }

    @Test
    void replaceIsTheWholeList() throws Exception {
        client.add(List.of("1.2.3.4"));
        client.replace(List.of("5.6.7.8"));
        assertEquals(List.of("5.6.7.8"), client.bypass().entries());
    }

    @Test
    void patchAddsAndRemoves() throws Exception {
        client.add(List.of("1.2.3.4", "5.6.7.8"));
        client.patch(List.of("9.9.9.9"), List.of("1.2.3.4"));
        assertEquals(List.of("5.6.7.8", "9.9.9.9"), client.bypass().entries());
    }

    @Test
    void removeTakesNetworksToo() throws Exception {
        client.add(List.of("10.0.0.0/8", "2001:db8::/32"));
        client.remove("10.0.0.0/8");
        client.remove("2001:db8::/32");
        assertEquals(List.of(), client.bypass().entries());
    }

    @Test
    void clearLeavesNothing() throws Exception {
        client.add(List.of("1.2.3.4"));
        client.clear();
        assertEquals(List.of(), client.bypass().entries());
    }

    @Test
    void aChangeReturnsTheTagOfWhatStands() throws Exception {
        assertEquals(client.add(List.of("1.2.3.4")), client.bypass().etag());
    }

    @Test
    void anAbsentEntryIsNotFound() {
        assertEquals(404, assertThrows(BypassException.class, () -> client.remove("1.2.3.4")).code());
    }

    @Test
    void aBadEntryIsNamed() {
        var e = assertThrows(BypassException.class, () -> client.add(List.of("1.2.3.4", "x y")));
        assertEquals("400 entry 1: \"x y\" is no address", (e.code() + " " + e.cause()).split(";")[0]);
    }

    @Test
    void aChangeOfAnOldListIsRefused() throws Exception {
        String old = client.bypass().etag();
        assertNotEquals(old, client.add(List.of("1.2.3.4")));
        assertEquals(412, assertThrows(BypassException.class, () -> client.ifMatch(old).clear()).code());
    }

    @Test
    void aChangeOfThePresentListIsMade() throws Exception {
        client.add(List.of("1.2.3.4"));
        client.ifMatch(client.bypass().etag()).clear();
        assertEquals(List.of(), client.bypass().entries());
    }

    @Test
    void theLongestListGoesThereAndBack() throws Exception {
        List<String> many = IntStream.range(0, 65_536).mapToObj(i -> "2001:db8::1:" + Integer.toHexString(i)).toList();
        client.replace(many);
        assertEquals(65_536, client.bypass().entries().size());
    }
}
