package wireleap.tun.h2;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.apache.hc.core5.http2.hpack.HPackDecoder;
import wireleap.tun.fuzz.Input;
import wireleap.tun.fuzz.Stopwatch;
import wireleap.tun.fuzz.Target;

/** Header blocks of a broker, one after the other on a connection; between them, requests, with tables of any size. */
public final class HeaderTarget implements Target {
    private static final String TARGET = "198.51.100.7:80";

    @Override
    public void run(Input input, Stopwatch watch) throws Exception {
        HeaderCodec codec = new HeaderCodec();
        HPackDecoder broker = new HPackDecoder(HeaderCodec.TABLE_BYTES, StandardCharsets.US_ASCII);
        Response response = new Response();
        while (!input.isEmpty()) {
            if ((input.u8() & 7) == 7) {
                codec.tableBytes(input.u16() % (HeaderCodec.TABLE_BYTES + 1));
                int length = codec.encode("192.0.2.1:13490", "/broker", "tcp", TARGET);
                String last = broker.decodeHeaders(ByteBuffer.wrap(codec.block(), 0, length)).getLast().getValue();
                must(last.equals(TARGET), "the request is to " + last);
                continue;
            }
            byte[] block = input.bytes(input.u8());
            watch.begin();
            boolean decoded = codec.decode(block, block.length, response);
            watch.end();
            if (!decoded) {
                return; // the end of the connection
            }
            must(response.status == 0 || response.status >= 100 && response.status < 600, "status " + response.status);
            must(response.text().length() <= HeaderCodec.MAX_LIST_BYTES, "a status beyond the limit");
        }
    }

    private static void must(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }
}
