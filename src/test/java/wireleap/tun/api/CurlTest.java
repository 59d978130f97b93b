package wireleap.tun.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.testing.NeedsProgram;

/** The commands that people type. */
@Timeout(30)
@NeedsProgram("curl")
class CurlTest {
    private static final String URL = "http://localhost/bypass";
    private TestApi api;

    @BeforeEach
    void open() throws IOException {
        api = TestApi.open();
    }

    @AfterEach
    void close() throws IOException {
        api.close();
    }

    private String curl(String... options) throws IOException, InterruptedException {
        List<String> command = Stream.concat(
                Stream.of("curl", "--silent", "--show-error", "--unix-socket", api.socket().toString()),
                Stream.of(options)).toList();
        Process curl = new ProcessBuilder(command).redirectErrorStream(true).start();
        curl.getOutputStream().close();
        String output = new String(curl.getInputStream().readAllBytes());
        curl.waitFor();
        return output;
    }

    @Test
    void theFirstDocumentsExampleWorks() throws Exception {
        curl("--data", "[\"1.2.3.4\",\"4.3.2.1\"]", URL);
        assertEquals("[\"1.2.3.4\",\"4.3.2.1\"]", curl(URL));
    }

    @ParameterizedTest
    @ValueSource(strings = {"--http1.0", "--http1.1", "--http2"})
    void anyVersionThatCurlStartsWithIsServed(String version) throws Exception {
        assertEquals(TestApi.DONE, curl(version, "-d", "[\"1.2.3.4\"]", URL));
    }

    @Test
    void aChunkedUploadIsTaken() throws Exception {
        assertEquals(TestApi.DONE,
                curl("-X", "PUT", "-H", "Transfer-Encoding: chunked", "-d", "[\"1.2.3.4\"]", URL));
    }

    @Test
    void aLongUploadAsksFirstAndIsTaken() throws Exception {
        String body = " ".repeat(100_000) + "null";
        assertEquals(TestApi.DONE, curl("-H", "Expect: 100-continue", "-d", body, URL));
    }

    @Test
    void manyRequestsShareAConnection() throws Exception {
        assertEquals("[][]", curl(URL, URL));
    }

    @Test
    void clearIsOneWord() throws Exception {
        curl("-d", "[\"1.2.3.4\"]", URL);
        assertEquals(TestApi.DONE, curl("-X", "DELETE", URL));
        assertEquals("[]", curl(URL));
    }

    @Test
    void headShowsTheTag() throws Exception {
        assertTrue(curl("--head", URL).contains("ETag: \"test-0\""));
    }
}
