package wireleap.tun.api;

import java.io.IOException;

/** An answer of status 200 whose length nobody knows yet. Closed, whatever becomes of it, by who got it. */
non-sealed interface Streaming extends Answer, AutoCloseable {
    String contentType();

    /**
     * Writes all of it; waits for what is not known yet.
     *
     * @throws IOException if it cannot go on, and the client is to see that it is not complete
     */
    void writeTo(PieceWriter out) throws IOException, InterruptedException;

    @Override
    void close();
}
