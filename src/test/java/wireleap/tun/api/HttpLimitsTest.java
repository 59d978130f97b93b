package wireleap.tun.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What one client may take, and that no other client pays for it. */
@Timeout(60)
class HttpLimitsTest {
    private static final int LONG = 60_000;
    private static final int SHORT = 300;

    private static final String POST = "POST /bypass HTTP/1.1\r\nHost: x\r\n";

    private static RawClient.Answer answerTo(String... parts) throws IOException {
        try (TestApi api = TestApi.open(); RawClient client = api.connect()) {
            for (String part : parts) {
                client.send(part);
            }
            var answer = client.answer();
            if (answer.status() != 200 && answer.status() != 404) {
                client.halfClose();
                assertTrue(client.isAtEnd());
            }
            return answer;
        }
    }

    @ParameterizedTest
    @CsvSource({"8192, 404", "8193, 414"})
    void aRequestLineHas8KiB(int bytes, int status) throws IOException {
        String path = "/" + "a".repeat(bytes - "GET / HTTP/1.1".length());
        assertEquals(status, answerTo("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n").status());
    }

    @ParameterizedTest
    @CsvSource({"32768, 200", "32769, 431"})
    void aHeaderSectionHas32KiB(int bytes, int status) throws IOException {
        String fields = "Host: x\r\nA: b\r\nC: ";
        String last = "d".repeat(bytes - fields.length() - 2);
        assertEquals(status, answerTo("GET /version HTTP/1.1\r\n" + fields + last + "\r\n\r\n").status());
    }

    @Test
    void manySmallFieldsAreAHeaderSectionToo() throws IOException {
        assertEquals(431, answerTo("GET /version HTTP/1.1\r\nHost: x\r\n", "A:b\r\n".repeat(7000), "\r\n").status());
    }

    @Test
    void aTrailerSectionHas32KiB() throws IOException {
        assertEquals(431, answerTo(POST + "Transfer-Encoding: chunked\r\n\r\n4\r\nnull\r\n0\r\n",
                "A: b\r\n".repeat(6000), "\r\n").status());
    }

    @ParameterizedTest
    @ValueSource(strings = {"8388609", "9223372036854775807", "9223372036854775808", "99999999999999999999999999"})
    void aBodyThatIsAnnouncedTooLongIsRefusedUnseen(String length) throws IOException {
        assertEquals(413, answerTo(POST + "Content-Length: " + length + "\r\n\r\n").status());
    }

    @Test
    void aBodyThatIsAnnouncedTooLongIsNotAskedFor() throws IOException {
        assertEquals(413, answerTo(POST + "Content-Length: 8388609\r\nExpect: 100-continue\r\n\r\n").status());
    }

    @Test
    void aBodyHas8MiB() throws IOException {
        String spaces = " ".repeat((8 << 20) - 4);
        assertEquals(200, answerTo(POST + "Content-Length: 8388608\r\n\r\n", spaces, "null").status());
    }

    @Test
    void aBodyOfChunksHas8MiB() throws IOException {
        assertEquals(200, answerTo(POST + "Transfer-Encoding: chunked\r\n\r\n", "7ffffc\r\n", " ".repeat((8 << 20) - 4),
                "\r\n4\r\nnull\r\n0\r\n\r\n").status());
    }

    @ParameterizedTest
    @ValueSource(strings = {"800001", "7fffffff", "ffffffff", "7fffffffffffff"})
    void aChunkThatIsTooLongIsRefusedUnseen(String size) throws IOException {
        assertEquals(413, answerTo(POST + "Transfer-Encoding: chunked\r\n\r\n" + size + "\r\n").status());
    }

    @Test
    void chunksThatAreTooLongTogetherAreRefused() throws IOException {
        assertEquals(413, answerTo(POST + "Transfer-Encoding: chunked\r\n\r\n", "400000\r\n", " ".repeat(4 << 20),
                "\r\n400000\r\n", " ".repeat(4 << 20), "\r\n1\r\n").status());
    }

    @Test
    void aClientThatSendsTooMuchCanStillReadWhy() throws IOException {
        assertEquals(413, answerTo(POST + "Content-Length: 9000000\r\n\r\n", " ".repeat(2 << 20)).status());
    }

    @Test
    void aHeaderMustArriveInTimeHoweverSlowlyItDoes() throws Exception {
        try (TestApi api = TestApi.open(TestApi.times(SHORT, LONG, LONG, LONG)); RawClient client = api.connect()) {
            assertTrue(isCutOffWhileSending(client, "GET /version HTTP/1.1\r\nA: "));
        }
    }

    @Test
    void aConnectionMustAskForSomethingInTime() throws IOException {
        try (TestApi api = TestApi.open(TestApi.times(SHORT, LONG, LONG, LONG)); RawClient client = api.connect()) {
            assertTrue(client.isAtEnd());
        }
    }

    @Test
    void aBodyMustArriveInTimeHoweverSlowlyItDoes() throws Exception {
        try (TestApi api = TestApi.open(TestApi.times(LONG, SHORT, LONG, LONG)); RawClient client = api.connect()) {
            assertTrue(isCutOffWhileSending(client, POST + "Content-Length: 8000000\r\n\r\n"));
        }
    }

    /** Sends a byte again and again, until that fails. */
    private static boolean isCutOffWhileSending(RawClient client, String begin) throws Exception {
        client.send(begin);
        for (int i = 0; i < LONG; i += 20) {
            try {
                client.send("a");
            } catch (IOException e) {
                return true;
            }
            Thread.sleep(20);
        }
        return false;
    }

    @Test
    void anIdleConnectionIsClosedAfterAWhile() throws IOException {
        try (TestApi api = TestApi.open(TestApi.times(LONG, LONG, SHORT, LONG)); RawClient client = api.connect()) {
            assertEquals(200, client.get("/version").answer().status());
            assertTrue(client.isAtEnd());
        }
    }

    @Test
    void whoHasBeenIdleForLongerThanAHeaderMayTakeIsStillServed() throws Exception {
        try (TestApi api = TestApi.open(TestApi.times(SHORT, LONG, LONG, LONG)); RawClient client = api.connect()) {
            assertEquals(200, client.get("/version").answer().status());
            Thread.sleep(2 * SHORT);
            assertEquals(200, client.get("/version").answer().status());
        }
    }

    private static String addresses(int count) {
        return IntStream.range(0, count).mapToObj(i -> "10." + (i >> 16) + "." + (i >> 8 & 255) + "." + (i & 255))
                .collect(Collectors.joining("\",\"", "[\"", "\"]"));
    }

    @Test
    void whoDoesNotReadHoldsNobodyElse() throws IOException {
        try (TestApi api = TestApi.open(); RawClient slow = api.connect()) {
            api.request("PUT", "/bypass", addresses(60_000));
            for (int i = 0; i < 20; i++) {
                slow.get("/bypass");
            }
            assertEquals(200, api.get("/bypass").status());
            assertEquals(200, api.request("DELETE", "/bypass", "").status());
        }
    }

    @Test
    void whoDoesNotReadIsCutOff() throws IOException {
        try (TestApi api = TestApi.open(TestApi.times(LONG, LONG, LONG, SHORT)); RawClient slow = api.connect()) {
            api.request("PUT", "/bypass", addresses(60_000));
            assertTrue(isCutOffWhileAsking(slow));
        }
    }

    private static boolean isCutOffWhileAsking(RawClient client) throws IOException {
        try {
            for (int i = 0; i < 1_000_000; i++) {
                client.get("/bypass");
            }
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    @Test
    void ofThoseThatAskForNothingTheOldestGoes() throws IOException {
        try (TestApi api = TestApi.open(TestApi.places(2, 1 << 20)); var first = api.connect();
                var second = api.connect(); var third = api.connect()) {
            assertEquals(200, third.get("/version").answer().status());
            assertTrue(first.isAtEnd());
            assertEquals(200, second.get("/version").answer().status());
        }
    }

    @Test
    void whoSendsHalfARequestGoesBeforeWhoWasAnsweredSince() throws Exception {
        try (TestApi api = TestApi.open(TestApi.places(2, 1 << 20)); var slow = api.connect();
                var good = api.connect()) {
            slow.send("POST /bypass HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n[");
            good.get("/version").answer();
            assertEquals(200, api.get("/version").status());
            assertTrue(slow.isAtEnd());
            assertEquals(200, good.get("/version").answer().status());
        }
    }

    @Test
    void aShortListIsTakenWhateverOthersSend() throws IOException {
        try (TestApi api = TestApi.open(TestApi.places(10, 0))) {
            assertEquals(503, api.request("PUT", "/bypass", " ".repeat(40_000) + "null").status());
            assertEquals(200, api.request("PUT", "/bypass", " ".repeat(16_380) + "null").status());
        }
    }

    @Test
    void aPlaceIsFreeOnceItsClientSeesTheEnd() throws IOException {
        try (TestApi api = TestApi.open(TestApi.places(1, 1 << 20))) {
            for (int i = 0; i < 200; i++) {
                try (RawClient client = api.connect()) {
                    assertEquals(200, client.get("/version", "Connection: close").answer().status());
                    assertTrue(client.isAtEnd());
                }
            }
        }
    }

    @Test
    void theLongestIdleConnectionGoesForANewOne() throws Exception {
        try (TestApi api = TestApi.open(TestApi.places(2, 1 << 20)); var first = api.connect();
                var second = api.connect()) {
            first.get("/version").answer();
            Thread.sleep(50);
            second.get("/version").answer();
            Thread.sleep(50);
            assertEquals(200, api.get("/version").status());
            assertTrue(first.isAtEnd());
            assertEquals(200, second.get("/version").answer().status());
        }
    }

    @Test
    void aConnectionWithAnAnswerUnderWayStays() throws Exception {
        try (TestApi api = TestApi.open(TestApi.places(1, 1 << 20)); RawClient client = api.connect()) {
            api.control().activating();
            client.get("/version").answer();
            client.request("DELETE", "/bypass", "");
            api.control().awaitWaiting();
            try (RawClient refused = api.connect()) {
                assertEquals(503, refused.answer().status());         // unasked: it is closed before it can ask
            }
            api.control().activate();
            assertEquals(200, client.answer().status());
        }
    }

    @Test
    void ofThreeHundredConnectionsTheLast256AreServed() throws IOException {
        List<RawClient> clients = new ArrayList<>();
        try (TestApi api = TestApi.open()) {
            for (int i = 0; i < 300; i++) {
                clients.add(api.connect());
            }
            for (RawClient served : clients.subList(44, 300)) {
                served.get("/version");
            }
            for (RawClient served : clients.subList(44, 300)) {
                assertEquals(200, served.answer().status());
            }
            for (RawClient ended : clients.subList(0, 44)) {
                assertTrue(ended.isAtEnd());
            }
        } finally {
            for (RawClient client : clients) {
                client.close();
            }
        }
    }

    @Test
    void bodiesMayNotFillTheMemoryTogether() throws IOException {
        String body = " ".repeat(39_996) + "null";
        try (TestApi api = TestApi.open(TestApi.places(10, 40_000))) {
            boolean seen = false;
            for (int i = 0; i < 20 && !seen; i++) {
                seen = secondBodyIsRefused(api, body);
            }
            assertTrue(seen);
            assertEquals(200, api.request("POST", "/bypass", body).status());
        }
    }

    /** False: the server has read the first body later than the second, and refused the first. */
    private static boolean secondBodyIsRefused(TestApi api, String body) throws IOException {
        try (RawClient slow = api.connect()) {
            slow.send(POST + "Content-Length: 40000\r\n\r\n" + body.substring(0, 39_999));
            for (int i = 0; i < 200; i++) {                                   // the server may not have read it yet
                if (api.request("POST", "/bypass", body).status() == 503) {
                    assertEquals(200, slow.send("l").answer().status());
                    return true;
                }
            }
            return false;
        }
    }

    @Test
    void theMemoryOfABodyIsGivenBack() throws IOException {
        try (TestApi api = TestApi.open(TestApi.places(10, 40_000)); RawClient client = api.connect()) {
            for (int i = 0; i < 10; i++) {
                assertEquals(200, client.request("POST", "/bypass", " ".repeat(40_000) + "null").answer().status());
            }
        }
    }

    @Test
    void largeBodiesThatWaitForEachOtherLeavePlacesFree() throws Exception {
        try (TestApi api = TestApi.open()) {
            api.control().activating();
            String large = " ".repeat(20_000) + "null";
            CompletableFuture<Integer> refused = new CompletableFuture<>();
            List<CompletableFuture<Integer>> all = IntStream.range(0, 100).mapToObj(i -> asked(api, large, refused)).toList();
            assertEquals(503, refused.get());
            assertEquals(200, api.request("GET", "/bypass", "").status());
            api.control().activate();
            for (CompletableFuture<Integer> one : all) {
                assertTrue(List.of(200, 503).contains(one.get()));
            }
            assertEquals(200, api.request("POST", "/bypass", large).status());
        }
    }

    @Test
    void whoWasRefusedWhileOthersAreWorkedOnGoesForANewOne() throws Exception {
        String large = " ".repeat(20_000) + "null";
        List<RawClient> clients = new ArrayList<>();
        try (TestApi api = TestApi.open(TestApi.places(70, 32 << 20))) {
            api.control().activating();
            CompletableFuture<Integer> refused = new CompletableFuture<>();
            for (int i = 0; i < 70; i++) {
                RawClient client = api.connect();
                clients.add(client.request("POST", "/bypass", large));
                Thread.startVirtualThread(() -> {
                    try {
                        refused.complete(client.answer().status());
                    } catch (IOException e) {
                        refused.completeExceptionally(e);
                    }
                });
            }
            assertEquals(503, refused.get());
            assertEquals(200, api.get("/version").status());
            api.control().activate();
        } finally {
            for (RawClient client : clients) {
                client.close();
            }
        }
    }

    /** @param first completed by the first answer of all */
    private static CompletableFuture<Integer> asked(TestApi api, String body, CompletableFuture<Integer> first) {
        CompletableFuture<Integer> status = new CompletableFuture<>();
        Thread.startVirtualThread(() -> {
            try {
                status.complete(api.request("POST", "/bypass", body).status());
                first.complete(status.join());
            } catch (IOException e) {
                status.completeExceptionally(e);
            }
        });
        return status;
    }

    @Test
    void listsThatNobodyReadsMayNotFillTheMemoryTogether() throws IOException {
        try (TestApi api = TestApi.open(TestApi.unread(1 << 20))) {
            api.request("PUT", "/bypass", addresses(60_000));
            try (RawClient slow = api.connect()) {
                assertEquals(200, slow.get("/bypass").head().status());
                assertEquals(200, api.get("/bypass").status(), "the same list needs no more");
                api.request("POST", "/bypass", "[\"192.0.2.1\"]");
                assertEquals(503, api.get("/bypass").status());
                assertEquals(200, api.get("/state").status());
            }
            assertEquals(200, statusOnceGivenBack(api));
        }
    }

    /** The server notices a bit later than we that a client has gone. */
    private static int statusOnceGivenBack(TestApi api) throws IOException {
        int status = 503;
        while (status == 503) {
            status = api.get("/bypass").status();
        }
        return status;
    }

    @Test
    void stoppingEndsWhoWaitsAndTellsWhoHasAskedWhy() throws Exception {
        try (TestApi api = TestApi.open(); RawClient fresh = api.connect(); RawClient idle = api.connect();
                RawClient asking = api.connect()) {
            idle.get("/version").answer();
            api.control().activating();
            asking.request("DELETE", "/bypass", "");
            api.control().awaitWaiting();
            api.stop();
            assertTrue(fresh.isAtEnd());
            assertTrue(idle.isAtEnd());
            assertEquals(503, asking.answer().status());
            assertTrue(asking.isAtEnd());
        }
    }

    @Test
    void stoppingLetsAnswersUnderWayOut() throws Exception {
        try (TestApi api = TestApi.open(); RawClient asking = api.connect()) {
            api.control().activating();
            asking.request("DELETE", "/bypass", "");
            api.control().awaitWaiting();
            var stopped = CompletableFuture.runAsync(() -> {
                try {
                    api.stop();
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            Thread.sleep(50);
            api.control().activate();
            assertEquals(200, asking.answer().status());
            stopped.get();
        }
    }

    @Test
    void fiftyClientsWriteAtOnceAndNothingIsLost() throws Exception {
        try (TestApi api = TestApi.open()) {
            List<Thread> writers = IntStream.range(0, 50).mapToObj(i -> Thread.startVirtualThread(() -> write(api, i)))
                    .toList();
            for (Thread writer : writers) {
                writer.join();
            }
            List<String> expected = IntStream.range(0, 50).boxed()
                    .flatMap(i -> IntStream.range(0, 20).mapToObj(j -> "10.0." + i + "." + j)).sorted().toList();
            assertEquals(expected, api.control().entries().stream().sorted().toList());
        }
    }

    private static void write(TestApi api, int writer) {
        try (RawClient client = api.connect()) {
            for (int i = 0; i < 20; i++) {
                client.request("POST", "/bypass", "[\"10.0." + writer + "." + i + "\"]").answer();
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void ofManyWhoChangeTheSameListOneWins() throws Exception {
        try (TestApi api = TestApi.open()) {
            for (int round = 0; round < 20; round++) {
                String tag = api.get("/bypass").field("ETag");
                String body = "[\"10.0.0." + round + "\"]";
                List<CompletableFuture<Integer>> answers = IntStream.range(0, 10)
                        .mapToObj(i -> CompletableFuture.supplyAsync(() -> put(api, tag, body))).toList();
                int[] statuses = answers.stream().mapToInt(CompletableFuture::join).sorted().toArray();
                assertEquals("[200, 412, 412, 412, 412, 412, 412, 412, 412, 412]", Arrays.toString(statuses));
            }
        }
    }

    private static int put(TestApi api, String tag, String body) {
        try {
            return api.request("PUT", "/bypass", body, "If-Match: " + tag).status();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
