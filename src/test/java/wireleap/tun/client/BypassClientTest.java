package wireleap.tun.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the client makes of answers, of their absence, and of servers that lie. */
@Timeout(30)
class BypassClientTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nETag: \"x-1\"\r\n";

    @TempDir
    Path directory;
    private Path socket;
    private BypassClient client;

    @BeforeEach
    void name() {
        socket = directory.resolve("api.sock");
        client = new BypassClient(socket);
    }

    private ScriptedServer answering(String answer) throws IOException {
        return new ScriptedServer(socket, answer, true, Integer.MAX_VALUE >> 1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 11\r\n\r\n[\"1.2.3.4\"]", "\r\n[\"1.2.3.4\"]",
        "transfer-encoding: Chunked\r\n\r\n1\r\n[\r\n0009;x=y\r\n\"1.2.3.4\"\r\n1\r\n]\r\n0\r\nTrailer: x\r\n\r\n"})
    void answersOfAnyFramingAreRead(String rest) throws Exception {
        try (var server = answering(OK + rest)) {
            assertEquals(new BypassList(List.of("1.2.3.4"), "\"x-1\""), client.bypass());
        }
    }

    @Test
    void anAnswerMayComeAByteAtATime() throws Exception {
        String answer = OK + "Transfer-Encoding: chunked\r\n\r\nb\r\n[\"1.2.3.4\"]\r\n0\r\n\r\n";
        try (var server = new ScriptedServer(socket, answer, false, 1)) {
            assertEquals(List.of("1.2.3.4"), client.bypass().entries());
        }
    }

    @Test
    void interimAnswersAreSkipped() throws Exception {
        try (var server = answering("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + OK
                + "Content-Length: 2\r\n\r\n[]")) {
            assertEquals(List.of(), client.bypass().entries());
        }
    }

    @Test
    void aLongAnswerIsReadWhole() throws Exception {
        List<String> many = IntStream.range(0, 65_536).mapToObj(i -> "2001:db8::" + Integer.toHexString(i)).toList();
        String json = "[\"" + String.join("\",\"", many) + "\"]";
        try (var server = answering(OK + "Content-Length: " + json.length() + "\r\n\r\n" + json)) {
            assertEquals(many, client.bypass().entries());
        }
    }

    @Test
    void aRefusalCarriesWhatTheDaemonSays() throws Exception {
        String json = "{\"code\":500,\"description\":\"internal server error\",\"cause\":\"No space left on device\"}";
        try (var server = answering("HTTP/1.1 500 x\r\nContent-Length: " + json.length() + "\r\n\r\n" + json)) {
            var e = assertThrows(BypassException.class, () -> client.clear());
            assertEquals("500/internal server error/No space left on device",
                    e.code() + "/" + e.description() + "/" + e.cause());
            assertEquals("internal server error: No space left on device", e.getMessage());
        }
    }

    @Test
    void aRefusalWithoutJsonIsOneToo() throws Exception {
        try (var server = answering("HTTP/1.1 502 Bad Gateway\r\n\r\n<html>")) {
            var e = assertThrows(BypassException.class, () -> client.clear());
            assertEquals("502/Bad Gateway/", e.code() + "/" + e.description() + "/" + e.cause());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"SSH-2.0-x\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n[]", OK + "no colon\r\n\r\n[]",
        OK + "Content-Length: x\r\n\r\n[]", OK + "Content-Length: 99999999999\r\n\r\n[]",
        OK + "Content-Length: 18446744073709551615\r\n\r\n[]", OK + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        OK + "\r\n<html>", OK + "\r\n{\"a\":1}", OK + "\r\n"})
    void anAnswerThatIsNoneIsToldAsSuch(String answer) throws Exception {
        try (var server = answering(answer)) {
            assertThrows(ProtocolException.class, () -> client.bypass());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "HTTP/1.1 200", OK, OK + "Content-Length: 20\r\n\r\n[]",
        OK + "Transfer-Encoding: chunked\r\n\r\n4\r\n[]"})
    void anAnswerThatBreaksOffIsToldAsSuch(String answer) throws Exception {
        try (var server = answering(answer)) {
            assertTrue(assertThrows(IOException.class, () -> client.bypass()).getMessage()
                    .contains("hung up before its answer was complete"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "HTTP/1.1 200", OK + "Content-Length: 20\r\n\r\n[]"})
    void aServerThatHangsIsGivenUp(String answer) throws Exception {
        try (var server = new ScriptedServer(socket, answer, false, 5)) {
            assertThrows(SocketTimeoutException.class, () -> client.answerWithin(Duration.ofMillis(200)).bypass());
        }
    }

    @Test
    void aServerThatDoesNotReadIsGivenUp() throws Exception {
        List<String> tooMuch = List.of("x".repeat(8 << 20));
        try (var server = new ScriptedServer(socket, "", false, 1)) {
            assertThrows(SocketTimeoutException.class,
                    () -> client.answerWithin(Duration.ofMillis(200)).replace(tooMuch));
        }
    }

    @Test
    void aServerThatRefusesBeforeItHasReadAllIsUnderstood() throws Exception {
        List<String> tooMuch = List.of("x".repeat(8 << 20));
        try (var server = answering("HTTP/1.1 413 x\r\nContent-Length: 0\r\n\r\n")) {
            assertEquals(413, assertThrows(BypassException.class, () -> client.replace(tooMuch)).code());
        }
    }

    @Test
    void theTagIsSentWithChangesAndNotWithReading() throws Exception {
        try (var server = answering(OK + "Content-Length: 2\r\n\r\n[]")) {
            client.ifMatch("\"x-0\"").clear();
            client.ifMatch("\"x-0\"").bypass();
            assertTrue(server.requests().get(0).contains("\r\nIf-Match: \"x-0\"\r\n"));
            assertTrue(!server.requests().get(1).contains("If-Match"));
        }
    }

    @Test
    void aTagCannotSmuggleAnotherField() {
        assertThrows(IllegalArgumentException.class, () -> client.ifMatch("\"a\"\r\nX: y"));
    }

    @Test
    void anEntryIsEncodedIntoThePath() throws Exception {
        try (var server = answering(OK + "Content-Length: 0\r\n\r\n")) {
            client.remove("2001:db8::/32 ?#%\r\n\u00e4");
            assertTrue(server.requests().getFirst()
                    .startsWith("DELETE /bypass/2001:db8::%2F32%20%3F%23%25%0D%0A%C3%A4 HTTP/1.1\r\n"));
        }
    }

    @Test
    void anAbsentDaemonIsNamedWithWhatWasTried() {
        var e = assertThrows(DaemonUnreachableException.class,
                () -> client.patience(Duration.ofMillis(400)).clear());
        assertTrue(e.getMessage().matches("no daemon on the socket " + socket + ": No such file or directory"
                + " \\(tried [23] times in 0.4 s\\); start one, or say where its socket is"), e::getMessage);
    }

    @Test
    void aDaemonThatIsGoneIsNamed() throws Exception {
        try (var gone = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            gone.bind(UnixDomainSocketAddress.of(socket));
        }
        var e = assertThrows(DaemonUnreachableException.class, () -> client.patience(Duration.ZERO).clear());
        assertTrue(e.getMessage().contains(": Connection refused (tried once);"), e::getMessage);
    }

    @Test
    void aDaemonThatTakesNoConnectionsIsNamed() throws Exception {
        try (var busy = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            busy.bind(UnixDomainSocketAddress.of(socket), 1);
            try (var first = SocketChannel.open(UnixDomainSocketAddress.of(socket));
                    var second = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
                var e = assertThrows(DaemonUnreachableException.class, () -> client.patience(Duration.ZERO).clear());
                assertTrue(e.getMessage().contains(" (tried once);"), e::getMessage);
            }
        }
    }

    @Test
    void aDaemonThatIsStartingIsAwaited() throws Exception {
        var list = CompletableFuture.supplyAsync(() -> {
            try {
                return client.bypass().entries();
            } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        Thread.sleep(300);
        try (var server = answering(OK + "Content-Length: 2\r\n\r\n[]")) {
            assertEquals(List.of(), list.get());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whoWaitsCanBeInterrupted(boolean connected) throws Exception {
        AtomicReference<Exception> thrown = new AtomicReference<>();
        Thread waiting = Thread.ofPlatform().unstarted(() -> {
            try {
                client.bypass();
            } catch (IOException | InterruptedException e) {
                thrown.set(e);
            }
        });
        try (var server = connected ? new ScriptedServer(socket, "", false, 1) : null) {
            waiting.start();
            Thread.sleep(200);
            waiting.interrupt();
            waiting.join();
        }
        assertEquals(InterruptedException.class, thrown.get().getClass());
    }
}
