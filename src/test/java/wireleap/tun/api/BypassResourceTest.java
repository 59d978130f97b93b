package wireleap.tun.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFileAttributes;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the methods of /bypass do and answer. */
@Timeout(30)
class BypassResourceTest {
    private TestApi api;

    @BeforeEach
    void open() throws IOException {
        api = TestApi.open();
    }

    @AfterEach
    void close() throws IOException {
        api.close();
    }

    private List<String> entries() {
        return api.control().entries();
    }

    private void given(String... entries) throws IOException {
        String body = List.of(entries).stream().map(e -> '"' + e + '"').collect(Collectors.joining(",", "[", "]"));
        assertEquals(TestApi.DONE, api.request("PUT", "/bypass", body).body());
    }

    private static String addresses(int count) {
        return IntStream.range(0, count).mapToObj(i -> "10." + (i >> 16) + "." + (i >> 8 & 255) + "." + (i & 255))
                .collect(Collectors.joining("\",\"", "[\"", "\"]"));
    }

    @Test
    void anEmptyListIsAnEmptyArray() throws IOException {
        assertEquals("[]", api.get("/bypass").body());
    }

    @Test
    void theListIsCompactAndInTheOrderOfInsertion() throws IOException {
        given("1.2.3.4", "2001:db8::1", "10.0.0.0/8");
        assertEquals("[\"1.2.3.4\",\"2001:db8::1\",\"10.0.0.0/8\"]", api.get("/bypass").body());
    }

    @Test
    void theListIsCanonical() throws IOException {
        given("::ffff:1.2.3.4", "2001:DB8:0:0::1/128");
        assertEquals("[\"1.2.3.4\",\"2001:db8::1\"]", api.get("/bypass").body());
    }

    @Test
    void theLongestListIsAnsweredWhole() throws IOException {
        assertEquals(200, api.request("PUT", "/bypass", addresses(65_536)).status());
        assertEquals(addresses(65_536), api.get("/bypass").body());
    }

    @Test
    void theListIsJson() throws IOException {
        assertEquals("application/json", api.get("/bypass").field("Content-Type"));
    }

    @Test
    void postAppends() throws IOException {
        given("1.2.3.4", "5.6.7.8");
        assertEquals(TestApi.DONE, api.request("POST", "/bypass", "[\"9.9.9.9\",\"1.2.3.4\"]").body());
        assertEquals(List.of("1.2.3.4", "5.6.7.8", "9.9.9.9"), entries());
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "[]", " [ ] ", "\n null\n"})
    void postOfAnEmptyListAddsNothing(String body) throws IOException {
        given("1.2.3.4");
        assertEquals(TestApi.DONE, api.request("POST", "/bypass", body).body());
        assertEquals(List.of("1.2.3.4"), entries());
    }

    @Test
    void putReplaces() throws IOException {
        given("1.2.3.4", "5.6.7.8");
        given("5.6.7.8", "9.9.9.9");
        assertEquals(List.of("5.6.7.8", "9.9.9.9"), entries());
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "[]"})
    void putOfAnEmptyListClears(String body) throws IOException {
        given("1.2.3.4");
        assertEquals(TestApi.DONE, api.request("PUT", "/bypass", body).body());
        assertEquals(List.of(), entries());
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '^', delimiter = ';', value = {
        "{'add':['9.9.9.9'],'remove':['1.2.3.4']}; 5.6.7.8 9.9.9.9",
        "{'remove':['1.2.3.4/32','5.6.7.8']}; ",
        "{'add':['9.9.9.9']}; 1.2.3.4 5.6.7.8 9.9.9.9",
        "{'add':null,'remove':null}; 1.2.3.4 5.6.7.8",
        "{'remove':['8.8.8.8']}; 1.2.3.4 5.6.7.8",
        "{}; 1.2.3.4 5.6.7.8"})
    void patchAddsAndRemovesInOneStep(String body, String after) throws IOException {
        given("1.2.3.4", "5.6.7.8");
        assertEquals(TestApi.DONE, api.request("PATCH", "/bypass", body.replace('\'', '"')).body());
        assertEquals(after == null ? "" : after, String.join(" ", entries()));
    }

    @Test
    void patchWithAnEntryInBothIsRefused() throws IOException {
        var answer = api.request("PATCH", "/bypass", "{\"add\":[\"1.2.3.4\"],\"remove\":[\"::ffff:1.2.3.4\"]}");
        assertEquals(400, answer.status());
        assertTrue(answer.body().contains("1.2.3.4 is in both"), answer.body());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "null", "[]", "[\"5.6.7.8\"]", "{{{ no JSON", "\0\1\2"})
    void deleteClearsWhateverTheBodySays(String body) throws IOException {
        given("1.2.3.4");
        assertEquals(TestApi.DONE, api.request("DELETE", "/bypass", body).body());
        assertEquals(List.of(), entries());
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.0/8", "10.0.0.0%2F8", "10.0.0.0%2f8", "%31%30.0.0.0/8"})
    void deleteOfAnEntryRemovesIt(String spelling) throws IOException {
        given("10.0.0.0/8", "10.1.0.0/16");
        assertEquals(TestApi.DONE, api.request("DELETE", "/bypass/" + spelling, "").body());
        assertEquals(List.of("10.1.0.0/16"), entries());
    }

    @ParameterizedTest
    @ValueSource(strings = {"2001:db8::1", "2001%3Adb8%3A%3A1", "2001:DB8::1%2F128"})
    void deleteOfAnIpv6EntryRemovesIt(String spelling) throws IOException {
        given("2001:db8::1");
        assertEquals(TestApi.DONE, api.request("DELETE", "/bypass/" + spelling, "").body());
        assertEquals(List.of(), entries());
    }

    @Test
    void deleteOfAnAbsentEntryIsNotFound() throws IOException {
        assertEquals("{\"code\":404,\"description\":\"resource not found\","
                + "\"cause\":\"10.1.0.0/16 is not on the bypass list\"}",
                api.request("DELETE", "/bypass/10.1.0.0/16", "").body());
    }

    @ParameterizedTest
    @ValueSource(strings = {"300.1.1.1", "10.0.0.1/8", "example.org", "0.0.0.0/0", "1.2.3.4%0d%0aX:y",
        "fe80::1%25eth0"})
    void deleteOfNoEntryIsABadRequest(String entry) throws IOException {
        assertEquals(400, api.request("DELETE", "/bypass/" + entry, "").status());
    }

    @Test
    void deleteOfAnEmptyEntryClearsNothing() throws IOException {
        given("1.2.3.4");
        assertEquals(404, api.request("DELETE", "/bypass/", "").status());
        assertEquals(List.of("1.2.3.4"), entries());
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "PATCH", "DELETE"})
    void aQueryOnAChangeIsRefused(String method) throws IOException {
        given("1.2.3.4");
        assertEquals(400, api.request(method, "/bypass?entry=5.6.7.8", "[]").status());
        assertEquals(List.of("1.2.3.4"), entries());
    }

    @Test
    void aQueryOnReadingIsIgnored() throws IOException {
        assertEquals("[]", api.get("/bypass?a=b").body());
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Type: application/x-www-form-urlencoded", "Content-Type: text/plain",
        "Content-Type: application/json; charset=utf-8", "X-None: 1"})
    void anyContentTypeIsTaken(String field) throws IOException {
        assertEquals(200, api.request("POST", "/bypass", "[\"1.2.3.4\"]", field).status());
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '^', delimiter = ';', value = {
        "['1.2.3.4','1.2.3.5','1.2.3.6','300.1.1.1']; entry 3: \\\"300.1.1.1\\\" is no IPv4 address",
        "['10.0.0.1/8']; entry 0: \\\"10.0.0.1/8\\\" has host bits set",
        "['0.0.0.0/0']; is a /0",
        "['fe80::1%eth0']; has a zone",
        "['example.org']; is a name",
        "['']; entry 0: \\\"\\\" has no address",
        "[1]; entry 0: a string is expected, not 1",
        "['1.2.3.4',null]; entry 1: a string is expected, not null",
        "[['1.2.3.4']]; entry 0: a string is expected, not an array",
        "[{}]; entry 0: a string is expected, not an object",
        "'1.2.3.4'; an array of strings is expected",
        "{'add':[]}; an array of strings is expected",
        "['1.2.3.4']x; not JSON",
        "['1.2.3.4'][]; something follows",
        "['1.2.3.4'; not JSON: it ends too early, at line 1, column 11",
        "['1.2.3.4',]; not JSON",
        "['1.2.3.4; not JSON",
        "nul; not JSON",
        "[NaN]; not JSON"})
    void whatIsNoListOfEntriesIsRefusedWithItsReason(String body, String reason) throws IOException {
        given("8.8.8.8");
        for (String method : List.of("POST", "PUT")) {
            var answer = api.request(method, "/bypass", body.replace('\'', '"'));
            assertEquals(400, answer.status());
            assertTrue(answer.body().contains(reason), answer.body());
        }
        assertEquals(List.of("8.8.8.8"), entries());
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '^', delimiter = ';', value = {
        "[]; an object is expected",
        "null; an object is expected",
        "{'add':['x']}; add, entry 0: \\\"x\\\" is a name",
        "{'add':'1.2.3.4'}; add, an array of strings is expected, such as",
        "{'put':[]}; the keys are",
        "{'add':[],'add':[]}; the key \\\"add\\\" is there twice",
        "{'add':[]; not JSON: it ends too early",
        "{'add':[]}{}; something follows"})
    void whatIsNoPatchIsRefusedWithItsReason(String body, String reason) throws IOException {
        var answer = api.request("PATCH", "/bypass", body.replace('\'', '"'));
        assertEquals(400, answer.status());
        assertTrue(answer.body().contains(reason), answer.body());
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "PATCH"})
    void anEmptyBodyIsRefused(String method) throws IOException {
        var answer = api.request(method, "/bypass", "");
        assertEquals(400, answer.status());
        assertTrue(answer.body().contains("the body is empty"), answer.body());
    }

    @ParameterizedTest
    @ValueSource(strings = {"[\"1.2.3.\u00ff\"]", "[\"\u00c0\u00ae\"]", "\u00ff\u00fe[\u0000]\u0000",
        "[\"\u00ed\u00a0\u0080\"]"})
    void whatIsNotUtf8IsRefused(String bytes) throws IOException {
        try (RawClient client = api.connect()) {
            client.send("PUT /bypass HTTP/1.1\r\nHost: x\r\nContent-Length: " + bytes.length() + "\r\n\r\n" + bytes);
            assertTrue(client.answer().body().contains("not UTF-8"));
        }
    }

    @Test
    void deepNestingIsRefused() throws IOException {
        assertEquals(400, api.request("POST", "/bypass", "[".repeat(1_000_000)).status());
    }

    @Test
    void anEndlessNumberIsRefused() throws IOException {
        assertEquals(400, api.request("POST", "/bypass", "[" + "7".repeat(1_000_000) + "]").status());
    }

    @Test
    void anEndlessStringIsRefusedInAFewWords() throws IOException {
        var answer = api.request("POST", "/bypass", "[\"" + "7".repeat(1_000_000) + "\"]");
        assertEquals(400, answer.status());
        assertTrue(answer.body().length() < 400, answer.body());
    }

    @Test
    void asManyEntriesAsCanBeAreTaken() throws IOException {
        assertEquals(200, api.request("POST", "/bypass", addresses(65_536)).status());
        assertEquals(65_536, entries().size());
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT"})
    void oneMoreIsTooMany(String method) throws IOException {
        assertEquals(413, api.request(method, "/bypass", addresses(65_537)).status());
    }

    @Test
    void oneMoreThanTheListHoldsIsTooMany() throws IOException {
        api.request("POST", "/bypass", addresses(65_536));
        var answer = api.request("POST", "/bypass", "[\"1.2.3.4\"]");
        assertEquals(413, answer.status());
        assertTrue(answer.body().contains("\"description\":\"payload too large\""), answer.body());
    }

    @Test
    void duplicatesCountOnce() throws IOException {
        given("1.2.3.4", "5.6.7.8", "1.2.3.4/32", "::ffff:1.2.3.4");
        assertEquals(List.of("1.2.3.4", "5.6.7.8"), entries());
    }

    @Test
    void aChangeHasTheTagOfTheListThatFollows() throws IOException {
        String tag = api.request("POST", "/bypass", "[\"1.2.3.4\"]").field("ETag");
        assertEquals(api.get("/bypass").field("ETag"), tag);
    }

    @Test
    void anUnchangedListKeepsItsTag() throws IOException {
        given("1.2.3.4");
        String before = api.get("/bypass").field("ETag");
        assertEquals(before, api.request("POST", "/bypass", "[\"1.2.3.4\"]").field("ETag"));
    }

    @Test
    void aChangedListHasAnotherTag() throws IOException {
        String before = api.get("/bypass").field("ETag");
        given("1.2.3.4");
        assertNotEquals(before, api.get("/bypass").field("ETag"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "PATCH", "DELETE"})
    void aChangeOfAnotherListThanIfMatchSaysIsRefused(String method) throws IOException {
        given("1.2.3.4");
        var answer = api.request(method, "/bypass", method.equals("PATCH") ? "{}" : "[]", "If-Match: \"other\"");
        assertEquals(412, answer.status());
        assertTrue(answer.body().contains("\"description\":\"precondition failed\""), answer.body());
        assertEquals(List.of("1.2.3.4"), entries());
    }

    @ParameterizedTest
    @CsvSource({"POST, /bypass, []", "PUT, /bypass, []", "PATCH, /bypass, {}", "DELETE, /bypass, ''",
        "DELETE, /bypass/1.2.3.4, ''"})
    void aChangeOfTheVeryListIsMade(String method, String path, String body) throws IOException {
        given("1.2.3.4");
        assertEquals(200, api.request(method, path, body, "If-Match: " + api.get("/bypass").field("ETag")).status());
    }

    @ParameterizedTest
    @ValueSource(strings = {"%s", "W/%s", "\"a\", %s", "\"a\",W/%s,\"b\"", "*"})
    void aListThatTheClientHasIsNotSentAgain(String known) throws IOException {
        given("1.2.3.4");
        String tag = api.get("/bypass").field("ETag");
        try (RawClient client = api.connect()) {
            var answer = client.get("/bypass", "If-None-Match: " + known.formatted(tag)).head();
            assertEquals("304 " + tag, answer.status() + " " + answer.field("ETag"));
            assertFalse(answer.fields().containsKey("Content-Length"));
            assertEquals(200, client.get("/state").answer().status());
        }
    }

    @Test
    void aListThatTheClientHasNotIsSent() throws IOException {
        assertEquals(200, api.get("/bypass", "If-None-Match: \"other\", W/\"another\"").status());
    }

    @Test
    void theKernelsWordsAreTheCause() throws IOException {
        api.control().refuse("ip route add throw 1.2.3.4 table 13492: No space left on device");
        assertEquals("{\"code\":500,\"description\":\"internal server error\","
                + "\"cause\":\"ip route add throw 1.2.3.4 table 13492: No space left on device\"}",
                api.request("POST", "/bypass", "[\"1.2.3.4\"]").body());
    }

    @Test
    void changesAreUnavailableWhileTheDaemonStops() throws IOException {
        api.control().stopping();
        assertEquals("{\"code\":503,\"description\":\"service unavailable\",\"cause\":\"the daemon is stopping\"}",
                api.request("DELETE", "/bypass", "").body());
    }

    @Test
    void aFaultOfTheProgramIsAnsweredWithoutAStackTrace() throws IOException {
        api.control().broken();
        assertEquals("{\"code\":500,\"description\":\"internal server error\","
                + "\"cause\":\"a fault of this program: java.lang.IllegalStateException: broken\"}",
                api.request("DELETE", "/bypass", "").body());
    }

    @Test
    void aChangeWhileActivatingIsAnsweredWhenItStands() throws Exception {
        api.control().activating();
        var answer = CompletableFuture.supplyAsync(() -> {
            try {
                return api.request("POST", "/bypass", "[\"1.2.3.4\"]");
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        api.control().awaitWaiting();
        assertFalse(answer.isDone());
        assertEquals("[]", api.get("/bypass").body());
        api.control().activate();
        assertEquals(200, answer.get().status());
    }

    @Test
    void whoAsksIsToldByTheKernel() throws IOException {
        api.request("DELETE", "/bypass", "");
        var ours = Files.readAttributes(api.socket(), PosixFileAttributes.class);
        assertEquals(List.of(ours.owner() + ":" + ours.group()), api.control().asked());
    }

    @Test
    void postReplacesWhereTheControllerNeedsIt() throws IOException {
        try (TestApi replacing = TestApi.postReplaces()) {
            replacing.request("POST", "/bypass", "[\"1.2.3.4\"]");
            replacing.request("POST", "/bypass", "[\"5.6.7.8\"]");
            assertEquals("[\"5.6.7.8\"]", replacing.get("/bypass").body());
        }
    }
}
