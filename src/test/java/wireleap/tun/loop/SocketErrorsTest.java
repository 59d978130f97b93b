package wireleap.tun.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.os.Errno;
import wireleap.tun.upstream.SocketError;

class SocketErrorsTest {
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 65_535})
    void resultsStayWhatTheyAre(int result) {
        assertEquals(result, SocketErrors.of(result));
    }

    // the words of SocketError.text, so that a number which moves is seen
    @ParameterizedTest
    @CsvSource({
        "EAGAIN, not now", "EINPROGRESS, not now", "EALREADY, not now",
        "ECONNREFUSED, connection refused",
        "ENETUNREACH, network unreachable", "ENETDOWN, network unreachable",
        "EHOSTUNREACH, host unreachable", "EHOSTDOWN, host unreachable",
        "ECONNRESET, connection reset", "EPIPE, connection reset", "ENOTCONN, connection reset",
        "ECONNABORTED, connection reset",
        "ETIMEDOUT, timed out",
        "EMSGSIZE, message too large",
        "EACCES, not permitted", "EPERM, not permitted",
        "EADDRNOTAVAIL, no address of this family", "EAFNOSUPPORT, no address of this family",
        "EMFILE, 'out of descriptors or memory'", "ENFILE, 'out of descriptors or memory'",
        "ENOBUFS, 'out of descriptors or memory'", "ENOMEM, 'out of descriptors or memory'",
        "EADDRINUSE, 'this host''s local ports are used up'",
        "EBADF, socket error", "EINTR, socket error",
    })
    void errnoHasItsError(Errno errno, String text) {
        assertEquals(text, SocketError.text(SocketErrors.of(-errno.number())));
    }

    @Test
    void everyErrnoIsAnError() {
        for (var number = 1; number < 4096; number++) {
            var error = SocketErrors.of(-number);
            assertEquals(true, error <= SocketError.AGAIN && error >= SocketError.OTHER, "errno " + number);
        }
    }
}
