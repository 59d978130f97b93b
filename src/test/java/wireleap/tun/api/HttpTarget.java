package wireleap.tun.api;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import wireleap.tun.fuzz.Input;
import wireleap.tun.fuzz.Stopwatch;
import wireleap.tun.fuzz.Target;

/** Requests one behind the other on a connection, cut anywhere, and what is in their bodies. */
public final class HttpTarget implements Target {
    private static final int BUDGET = 64 << 10;
    private static final HttpLimits LIMITS = new HttpLimits(200, 500, 3000, BUDGET, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);

    /** The first byte says how many bytes come at once. */
    @Override
    public void run(Input input, Stopwatch watch) throws IOException {
        int piece = 1 + input.u8();
        BodyMemory memory = new BodyMemory(BUDGET);
        HttpInput connection = new HttpInput(new Pieces(ByteBuffer.wrap(input.rest()), piece));
        try {
            while (connection.awaitByte()) {
                watch.begin();
                request(connection, memory);
                watch.end();
            }
        } catch (HttpException refused) {
            refused.response();
        }
        if (memory.lent() != 0) {
            throw new AssertionError("a body's memory was not given back");
        }
    }

    private static void request(HttpInput connection, BodyMemory memory) throws IOException, HttpException {
        Head head = new HeadReader(connection, LIMITS).read();
        head.isLast();
        filter(head);
        head.expectsContinue();
        try (BodyReader body = new BodyReader(connection, LIMITS, memory)) {
            InputStream bytes = body.read(head.body());
            if (head.method().equals("PATCH")) {
                EntryReader.patch(bytes);
            } else if (head.method().startsWith("P")) {
                EntryReader.list(bytes);
            }
        }
    }

    private static void filter(Head head) {
        try {
            FlowFilter.of(head.target().parameters());
        } catch (HttpException refused) {
            refused.response();
        }
    }

    /** A body alone; the first byte says of which kind. */
    public static void entries(Input input, Stopwatch watch) {
        boolean isPatch = (input.u8() & 1) != 0;
        InputStream body = new ByteArrayInputStream(input.rest());
        watch.begin();
        try {
            if (isPatch) {
                EntryReader.patch(body);
            } else {
                EntryReader.list(body);
            }
        } catch (HttpException refused) {
            refused.response();
        }
        watch.end();
    }

    /** Gives a few bytes at a time. */
    private record Pieces(ByteBuffer bytes, int most) implements ReadableByteChannel {
        @Override
        public int read(ByteBuffer to) {
            int count = Math.min(Math.min(most, bytes.remaining()), to.remaining());
            to.put(bytes.slice(bytes.position(), count));
            bytes.position(bytes.position() + count);
            return count == 0 ? -1 : count;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {
            bytes.position(bytes.limit());
        }
    }
}
