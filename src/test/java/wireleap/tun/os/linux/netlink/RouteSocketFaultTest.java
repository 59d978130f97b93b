package wireleap.tun.os.linux.netlink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import wireleap.tun.os.Errno;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.linux.netlink.FaultyNetlink.Fault;

/** The kernel's lists, which anybody may read, through a netlink that fails. */
class RouteSocketFaultTest {
    private final Arena arena = Arena.ofConfined();
    private FaultyNetlink netlink;
    private RouteSocket socket;

    @BeforeEach
    void open() throws Exception {
        socket = RouteSocket.open(arena, kernel -> {
            netlink = new FaultyNetlink(kernel);
            return netlink;
        });
    }

    @AfterEach
    void close() {
        socket.close();
        arena.close();
    }

    private Errno failure() {
        return assertThrows(ErrnoException.class, () -> socket.links()).errno();
    }

    private void once(Fault fault) {
        int next = netlink.requests();
        netlink.fail(fault, (number, message) -> number == next);
    }

    @Test
    void listThatIsChangedWhileItIsToldIsAskedForAgain() throws Exception {
        once(Fault.LIST_CHANGED);
        assertFalse(socket.links().isEmpty());
        assertEquals(2, netlink.requests());
    }

    @Test
    void listThatIsChangedEachTimeIsAnError() {
        netlink.fail(Fault.LIST_CHANGED, (number, message) -> true);
        assertEquals(Errno.EINTR, failure());
        assertEquals(10, netlink.requests());
    }

    @Test
    void listThatTheKernelGivesUpIsAnError() {
        once(Fault.LIST_SHORT);
        assertEquals(Errno.ENOMEM, failure());
    }

    @Test
    void listThatEndsAmidAMessageIsAnError() {
        once(Fault.ANSWER_TORN);
        assertEquals(Errno.EPROTO, failure());
    }

    @Test
    void answerThatDoesNotComeIsAnErrorAndNotWaitedFor() {
        once(Fault.ANSWER_ABSENT);
        assertEquals(Errno.EPROTO, failure());
    }

    @Test
    void answerThatDoesNotFitIsAnError() {
        once(Fault.ANSWER_TOO_LONG);
        assertEquals(Errno.EMSGSIZE, failure());
    }

    @ParameterizedTest
    @EnumSource
    void whateverFailedTheNextListIsWhole(Fault fault) throws Exception {
        int links = socket.links().size();
        int rules = socket.rules(true).size();
        once(fault);
        try {
            socket.links();
        } catch (ErrnoException e) {
            assertEquals(1, netlink.struck());
        }
        assertEquals(rules, socket.rules(true).size());
        assertEquals(links, socket.links().size());
    }
}
