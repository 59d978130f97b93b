package wireleap.tun.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** HTTP/1.1 as good clients speak it. */
@Timeout(30)
class ConnectionTest {
    private static final String VERSION = "{\"version\":\"1.2.3\"}";
    private TestApi api;
    private RawClient client;

    @BeforeEach
    void open() throws IOException {
        api = TestApi.open();
        client = api.connect();
    }

    @AfterEach
    void close() throws IOException {
        client.close();
        api.close();
    }

    @Test
    void aConnectionServesManyRequests() throws IOException {
        for (int i = 0; i < 3; i++) {
            assertEquals(VERSION, client.get("/version").answer().body());
        }
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws IOException {
        StringBuilder requests = new StringBuilder();
        for (int i = 1; i <= 100; i++) {
            String body = "[\"10.0.0." + i + "\"]";
            requests.append("PUT /bypass HTTP/1.1\r\nHost: x\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
            requests.append("GET /bypass HTTP/1.1\r\nHost: x\r\n\r\n");
        }
        client.send(requests.toString());
        List<String> answers = new ArrayList<>();
        for (int i = 1; i <= 100; i++) {
            answers.add(client.answer().body());
            assertEquals("[\"10.0.0." + i + "\"]", client.answer().body());
        }
        assertTrue(answers.stream().allMatch(TestApi.DONE::equals), answers::toString);
    }

    @Test
    void aRequestMayComeAByteAtATime() throws IOException {
        String request = "POST /bypass HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "5;a=b\r\n[\"1.2\r\n5\r\n.3.4\"\r\n1\r\n]\r\n0\r\nTrailer: x\r\n\r\n";
        for (byte b : request.getBytes(StandardCharsets.US_ASCII)) {
            client.send(new byte[] {b});
        }
        assertEquals(TestApi.DONE, client.answer().body());
        assertEquals(List.of("1.2.3.4"), api.control().entries());
    }

    @Test
    void aClientThatHasEndedItsSideGetsItsAnswers() throws IOException {
        client.get("/version").get("/bypass").halfClose();
        assertEquals(VERSION, client.answer().body());
        assertEquals("[]", client.answer().body());
        assertTrue(client.isAtEnd());
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET /version HT", "GET /version HTTP/1.1\r\nHost: x\r\n",
        "POST /bypass HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n[\"1.2",
        "POST /bypass HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nnull\r\n"})
    void aRequestThatEndsEarlyIsRefused(String request) throws IOException {
        var answer = client.send(request).halfClose().answer();
        assertEquals(400, answer.status());
        assertTrue(answer.body().contains("ends early"), answer.body());
        assertTrue(client.isAtEnd());
    }

    @Test
    void aConnectionWithoutARequestEndsSilently() throws IOException {
        assertTrue(client.halfClose().isAtEnd());
    }

    @Test
    void theAnswerHasADate() throws IOException {
        String date = client.get("/version").answer().field("Date");
        assertTrue(date.matches("[A-Z][a-z]{2}, [0-3][0-9] [A-Z][a-z]{2} 20[0-9]{2} [0-9:]{8} GMT"), date);
    }

    @Test
    void theConnectionIsClosedAfterTheAnswerWhereTheClientAsks() throws IOException {
        var answer = client.get("/version", "Connection: Keep-Alive, Close").answer();
        assertEquals("close", answer.field("Connection"));
        assertTrue(client.isAtEnd());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Host: x\r\n", "Connection: keep-alive\r\n"})
    void anOldClientIsServedAndDisconnected(String fields) throws IOException {
        var answer = client.send("GET /version HTTP/1.0\r\n" + fields + "\r\n").answer();
        assertEquals(VERSION, answer.body());
        assertEquals("close", answer.field("Connection"));
        assertTrue(client.isAtEnd());
    }

    @Test
    void anOldClientMayPost() throws IOException {
        client.send("POST /bypass HTTP/1.0\r\nContent-Length: 11\r\n\r\n[\"1.2.3.4\"]");
        assertEquals(TestApi.DONE, client.answer().body());
    }

    @ParameterizedTest
    @ValueSource(strings = {"/version", "http://localhost/version", "HTTP://any.host:80/version",
        "https://[::1]/version", "http://localhost/version?x", "/version?", "/%76ersion"})
    void aTargetMayBeAPathOrAUri(String target) throws IOException {
        assertEquals(VERSION, client.get(target).answer().body());
    }

    @ParameterizedTest
    @ValueSource(strings = {"Host:", "Host: any.thing:1", "host: x", "HOST:\t \t"})
    void hostMayHaveAnyValue(String host) throws IOException {
        assertEquals(200, client.send("GET /version HTTP/1.1\r\n" + host + "\r\n\r\n").answer().status());
    }

    @Test
    void anEmptyLineBeforeARequestIsIgnored() throws IOException {
        assertEquals(VERSION, client.send("\r\n").get("/version").answer().body());
    }

    @Test
    void aLaterMinorVersionIsUnderstood() throws IOException {
        assertEquals(VERSION, client.send("GET /version HTTP/1.7\r\nHost: x\r\n\r\n").answer().body());
    }

    @ParameterizedTest
    @ValueSource(strings = {"/state", "/version", "/bypass", "/openapi.json", "/nowhere"})
    void headIsGetWithoutTheBody(String path) throws IOException {
        var get = client.get(path).answer();
        var head = client.send("HEAD " + path + " HTTP/1.1\r\nHost: x\r\n\r\n").head();
        assertEquals(get.line() + get.field("Content-Length") + get.field("ETag"),
                head.line() + head.field("Content-Length") + head.field("ETag"));
        assertEquals(VERSION, client.get("/version").answer().body());
    }

    @ParameterizedTest
    @CsvSource({"/state", "/version", "/openapi.json", "/nowhere"})
    void aBodyThatNobodyNeedsIsReadOver(String path) throws IOException {
        client.send("GET " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\nGET /smuggled HTTP/1");
        client.answer();
        assertEquals(VERSION, client.get("/version").answer().body());
    }

    @Test
    void aChunkedBodyIsPutTogether() throws IOException {
        client.send("PUT /bypass HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n"
                + "0b ; name=\"va;lue\" ; other\r\n[\"1.2.3.4\"]\r\n000\r\nA: b\r\nContent-Length: 7\r\n\r\n");
        assertEquals(TestApi.DONE, client.answer().body());
        assertEquals(List.of("1.2.3.4"), api.control().entries());
        assertEquals(VERSION, client.get("/version").answer().body());
    }

    @Test
    void aClientThatAsksMaySendItsBody() throws IOException {
        client.send("POST /bypass HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\nExpect: 100-Continue\r\n\r\n");
        assertEquals("HTTP/1.1 100 Continue", client.head().line());
        assertEquals(TestApi.DONE, client.send("[\"1.2.3.4\"]").answer().body());
    }

    @Test
    void aClientThatAsksAboutNoBodyIsAnsweredAtOnce() throws IOException {
        assertEquals(VERSION, client.get("/version", "Expect: 100-continue").answer().body());
    }

    @Test
    void aClientThatSendsItsBodyUnaskedNeedsNoWord() throws IOException {
        client.send("POST /bypass HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\nnull");
        assertEquals(TestApi.DONE, client.answer().body());
    }

    @ParameterizedTest
    @CsvSource({"POST, /nowhere, 404", "POST, /state, 405", "POST, /bypass?x, 400"})
    void aClientThatAsksInVainHearsSoAtOnce(String method, String target, int status) throws IOException {
        client.send(method + " " + target
                + " HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n");
        assertEquals(status, client.answer().status());
        assertTrue(client.isAtEnd());
    }

    @Test
    void anotherExpectationIsIgnored() throws IOException {
        assertEquals(200, client.request("POST", "/bypass", "null", "Expect: miracles").answer().status());
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/bypas", "/bypass/", "//bypass", "/./bypass", "/state/", "/bypass%00", "/Bypass"})
    void anotherPathIsNotFound(String path) throws IOException {
        var answer = client.get(path).answer();
        assertEquals(404, answer.status());
        assertTrue(answer.body().startsWith("{\"code\":404,\"description\":\"resource not found\",\"cause\":\""));
    }

    @Test
    void theServerAsAWholeIsNoResource() throws IOException {
        assertEquals(404, client.send("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n").answer().status());
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {"POST;/state;GET, HEAD", "OPTIONS;/version;GET, HEAD",
        "TRACE;/bypass;GET, HEAD, POST, PUT, PATCH, DELETE", "get;/bypass;GET, HEAD, POST, PUT, PATCH, DELETE",
        "GET;/bypass/1.2.3.4;DELETE", "HEAD2;/openapi.json;GET, HEAD"})
    void anotherMethodIsToldWhichThereAre(String method, String path, String allowed) throws IOException {
        var answer = client.request(method, path, "").answer();
        assertEquals("HTTP/1.1 405 HTTP method not allowed", answer.line());
        assertEquals(allowed, answer.field("Allow"));
        assertTrue(answer.body().startsWith("{\"code\":405,\"description\":\"HTTP method not allowed\""));
    }

    @Test
    void anErrorOfTheListKeepsTheConnection() throws IOException {
        assertEquals(400, client.request("POST", "/bypass", "oops").answer().status());
        assertEquals(VERSION, client.get("/version").answer().body());
    }

    @Test
    void theStateIsWhatTheDaemonSays() throws IOException {
        String state = client.get("/state").answer().body();
        assertTrue(state.contains("\"state\":\"active\"") && state.contains("\"pid\":4711"), state);
    }

    @Test
    void theAnswersBodyIsAsLongAsItSays() throws IOException {
        var answer = client.get("/openapi.json").answer();
        assertTrue(answer.body().startsWith("{") && answer.body().endsWith("}\n"));
        assertFalse(answer.fields().containsKey("Transfer-Encoding"));
    }
}
