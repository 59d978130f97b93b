package wireleap.tun.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What two recipients could read in two ways is refused, and the connection with it. */
@Timeout(60)
class StrictnessTest {
    private static final String NEXT = "DELETE /bypass HTTP/1.1\r\nHost: x\r\n\r\n";
    private TestApi api;

    @BeforeEach
    void open() throws IOException {
        api = TestApi.open();
    }

    @AfterEach
    void close() throws IOException {
        api.close();
    }

    static Stream<String> heads() {
        return Stream.of(
                "POST /bypass HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
                "POST /bypass HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n",
                "POST /bypass HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n",
                "POST /bypass HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\n",
                "POST /bypass HTTP/1.1\r\nHost: x\r\nContent-Length: 4, 4\r\n\r\n",
                "POST /bypass HTTP/1.1\r\nHost: x\r\nContent-Length: +4\r\n\r\n",
                "POST /bypass HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                "POST /bypass HTTP/1.1\r\nHost: x\r\nContent-Length: 0x4\r\n\r\n",
                "POST /bypass HTTP/1.1\r\nHost: x\r\nContent-Length: 4 4\r\n\r\n",
                "POST /bypass HTTP/1.1\r\nHost: x\r\nContent-Length: \u00b2\r\n\r\n",
                "POST /bypass HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n",
                "POST /bypass HTTP/1.1\r\nHost: x\r\nContent-Length : 4\r\n\r\n",
                "POST /bypass HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n",
                "POST /bypass HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
                "POST /bypass HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
                "POST /bypass HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n",
                "POST /bypass HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \"chunked\"\r\n\r\n",
                "POST /bypass HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n\r\n",
                "POST /bypass HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \u000bchunked\r\n\r\n",
                "POST /bypass HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
                "POST /bypass HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
                "GET /bypass HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
                "GET /bypass HTTP/1.1\r\nHost: x\r\nA: b\r\n\tc\r\n\r\n",
                "GET /bypass HTTP/1.1\r\n Host: x\r\n\r\n",
                "GET /bypass HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n",
                "GET /bypass HTTP/1.1\r\nHost: x\r\nA: b\r\r\n\r\n",
                "GET /bypass HTTP/1.1\nHost: x\n\n",
                "GET /bypass HTTP/1.1\r\nHost: x\nA: b\r\n\r\n",
                "GET /bypass HTTP/1.1\r\nHost: x\r\nA: b\r\n\n",
                "GET /bypass HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n",
                "GET /bypass HTTP/1.1\r\nHost: x\r\nA\0: b\r\n\r\n",
                "GET /bypass HTTP/1.1\r\nHost: x\r\nA: b\u0001\r\n\r\n",
                "GET /bypass HTTP/1.1\r\nHost: x\r\nA: b\u007f\r\n\r\n",
                "GET /bypass HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n",
                "GET /bypass HTTP/1.1\r\nHost: x\r\nA B: b\r\n\r\n",
                "GET /bypass HTTP/1.1\r\nHost: x\r\nA\u00e4: b\r\n\r\n",
                "GET /bypass HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
                "GET /bypass HTTP/1.1\r\n\r\n",
                "GET /bypass HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
                "GET /bypass HTTP/1.1\r\nHost: x\r\nhost: y\r\n\r\n",
                "GET  /bypass HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET /bypass  HTTP/1.1\r\nHost: x\r\n\r\n",
                " GET /bypass HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET /bypass HTTP/1.1 \r\nHost: x\r\n\r\n",
                "GET\t/bypass\tHTTP/1.1\r\nHost: x\r\n\r\n",
                "GET /bypass\0 HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET /bypass\r HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET /by\u00e4pass HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET /bypass#x HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET /bypass%2 HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET /bypass%zz HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET bypass HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET ftp://x/bypass HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET http:///bypass HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET * HTTP/1.1\r\nHost: x\r\n\r\n",
                "CONNECT 1.2.3.4:80 HTTP/1.1\r\nHost: x\r\n\r\n",
                "G\"T /bypass HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET /bypass\r\n\r\n",
                "GET /bypass HTTP/1\r\nHost: x\r\n\r\n",
                "GET /bypass http/1.1\r\nHost: x\r\n\r\n",
                "GET /bypass HTTP/1.11\r\nHost: x\r\n\r\n",
                "GET /bypass HTTP/ 1.1\r\nHost: x\r\n\r\n",
                "\r\n\r\nGET /bypass HTTP/1.1\r\nHost: x\r\n\r\n",
                "\u0016\u0003\u0001\u0002\0\u0001\0\u0001\r\n\r\n");
    }

    static Stream<String> chunks() {
        return Stream.of("4\nnull\r\n0\r\n\r\n", "4\r\nnull\n0\r\n\r\n", "4\r\nnullx\r\n0\r\n\r\n",
                "4\r\nnull0\r\n\r\n",
                "-4\r\nnull\r\n0\r\n\r\n", "+4\r\nnull\r\n0\r\n\r\n", "0x4\r\nnull\r\n0\r\n\r\n",
                "4 \r\nnull\r\n0\r\n\r\n",
                " 4\r\nnull\r\n0\r\n\r\n", "\r\nnull\r\n0\r\n\r\n", "g\r\nnull\r\n0\r\n\r\n",
                ";a\r\nnull\r\n0\r\n\r\n",
                "4;a\0\r\nnull\r\n0\r\n\r\n", "4;a\rb\r\nnull\r\n0\r\n\r\n", "4;a\nnull\r\n0\r\n\r\n",
                "8000000000000000\r\nnull\r\n0\r\n\r\n", "ffffffffffffffff\r\nnull\r\n0\r\n\r\n",
                "10000000000000004\r\nnull\r\n0\r\n\r\n", "4;" + "a".repeat(5000) + "\r\nnull\r\n0\r\n\r\n",
                "4\r\nnull\r\n0\r\n folded\r\n\r\n", "4\r\nnull\r\n0\r\nA : b\r\n\r\n", "4\r\nnull\r\n0\r\nA: b\n\r\n");
    }

    /** The server refuses these bytes by themselves, closes, and takes nothing that follows for a request. */
    private void assertRefused(String bytes) throws IOException {
        try (RawClient client = api.connect()) {
            var answer = client.send(bytes).answer();
            assertEquals(400, answer.status());
            assertEquals("close", answer.field("Connection"));
            assertTrue(answer.body().startsWith("{\"code\":400,\"description\":\"bad request\",\"cause\":\""));
            client.send(NEXT).halfClose();
            assertTrue(client.isAtEnd());
        }
        assertEquals(List.of(), api.control().asked());
    }

    @Timeout(10)
    @ParameterizedTest
    @MethodSource("heads")
    void aDoubtfulHeadIsRefused(String head) throws IOException {
        assertRefused(head);
    }

    @Timeout(10)
    @ParameterizedTest
    @MethodSource("chunks")
    void aDoubtfulChunkIsRefused(String chunks) throws IOException {
        assertRefused("POST /bypass HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);
    }

    @Test
    void anotherMajorVersionIsNotSpoken() throws IOException {
        try (RawClient client = api.connect()) {
            assertEquals(505, client.send("GET / HTTP/2.0\r\n\r\n").answer().status());
            client.halfClose();
            assertTrue(client.isAtEnd());
        }
    }

    @Test
    void noiseHarmsNobody() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 300; i++) {
            byte[] noise = new byte[random.nextInt(2000)];
            random.nextBytes(noise);
            try (RawClient client = api.connect()) {
                client.send(noise).halfClose();
                assertTrue(noise.length == 0 || client.answer().status() >= 400, () -> "seed " + seed);
            }
        }
        assertEquals(200, api.get("/state").status());
    }

    @Test
    void aDamagedRequestIsAnsweredOrRefusedAndHarmsNobody() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 300; i++) {
            byte[] request = ("POST /bypass HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "b\r\n[\"1.2.3.4\"]\r\n0\r\n\r\n").getBytes();
            request[random.nextInt(request.length)] = (byte) random.nextInt(256);
            try (RawClient client = api.connect()) {
                int status = client.send(request).halfClose().answer().status();
                assertTrue(List.of(200, 400, 404, 405, 413, 505).contains(status), () -> status + ", seed " + seed);
            }
        }
        assertEquals(200, api.get("/state").status());
    }
}
