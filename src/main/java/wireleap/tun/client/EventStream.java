package wireleap.tun.client;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;

/**
 * What happens to a daemon, from when {@link BypassClient#events()} returned. A connection that breaks, also because the
 * daemon is started anew, is made again, and what happened meanwhile is told then, or a {@code lost} event says that it
 * cannot be. One thread; another may interrupt it.
 */
public final class EventStream implements AutoCloseable {
    private static final Duration PAUSE = Duration.ofMillis(150);
    private static final int LINE_BYTES = 64 << 20;

    private final Opener opener;
    private Connection connection;
    private String id;

    /** Connects and asks for what comes behind an event, or for what comes from now on where its id is empty. */
    @FunctionalInterface
    interface Opener {
        Connection open(String id) throws IOException, InterruptedException;
    }

    /** A connection of which the answer's head has been read. */
    record Connection(Exchange exchange, AnswerReader body) {
    }

    EventStream(Opener opener, String id) throws IOException, InterruptedException {
        this.opener = opener;
        this.id = id;
        connection = opener.open(id);
        readId();
    }

    /** The id that the stream begins with makes sure that nothing is missed from here on. */
    private void readId() throws IOException, InterruptedException {
        for (String line = line(); !line.isEmpty(); line = line()) {
            id = idOr(id, line);
        }
    }

    private static String idOr(String known, String line) {
        return line.startsWith("id: ") ? line.substring(4) : known;
    }

    /**
     * Waits for the next event, however long it takes.
     *
     * @throws DaemonUnreachableException if the connection broke and there was no other within the client's patience
     * @throws IOException if what answers is no daemon that tells of events
     */
    public DaemonEvent next() throws IOException, InterruptedException {
        for (;;) {
            try {
                return read();
            } catch (ProtocolException e) {
                throw e;
            } catch (IOException broken) {
                connection.exchange().close();
                Thread.sleep(PAUSE);
                connection = opener.open(id);
            }
        }
    }

    /**
     * One event (WHATWG HTML section 9.2.6), as this daemon writes them: a line of data each. Its id counts once it is
     * there as a whole: where the connection breaks in the midst of it, it is told anew.
     */
    private DaemonEvent read() throws IOException, InterruptedException {
        String readId = id;
        String name = "";
        String data = "";
        for (String line = line(); !line.isEmpty() || data.isEmpty(); line = line()) {
            readId = idOr(readId, line);
            name = line.startsWith("event: ") ? line.substring(7) : name;
            data = line.startsWith("data: ") ? line.substring(6) : data;
        }
        id = readId;
        return new DaemonEvent(id, name, map(data));
    }

    private static Map<String, Object> map(String data) throws IOException {
        try {
            return JSON.std.mapFrom(data);
        } catch (IOException e) {
            throw new ProtocolException("an event is not the JSON that was expected: is the socket the daemon's?");
        }
    }

    private String line() throws IOException, InterruptedException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = require(); next != '\n'; next = require()) {
            if (line.size() == LINE_BYTES) {
                throw new ProtocolException("an event is too long");
            }
            line.write(next);
        }
        connection.exchange().extend();
        return line.toString(StandardCharsets.UTF_8);
    }

    private int require() throws IOException, InterruptedException {
        int next = connection.body().next();
        if (next < 0) {
            throw new EOFException("the daemon has ended the stream");
        }
        return next;
    }

    @Override
    public void close() throws IOException {
        connection.exchange().close();
    }
}
