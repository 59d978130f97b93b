package wireleap.tun.os.linux;

import static wireleap.tun.os.linux.gen.Linux.AF_UNIX;
import static wireleap.tun.os.linux.gen.Linux.SOCK_CLOEXEC;
import static wireleap.tun.os.linux.gen.Linux.SOCK_DGRAM;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.Fd;
import wireleap.tun.os.Sys;

/**
 * Sends datagrams to a Unix socket, which the JDK cannot: where a service manager listens, sd_notify(3). Any platform
 * thread.
 */
public final class NotifySocket implements AutoCloseable {
    private final Fd socket;
    private final String name;

    private NotifySocket(Fd socket, String name) {
        this.socket = socket;
        this.name = name;
    }

    /**
     * Makes the socket; nothing is sent yet.
     *
     * @param name a path, or @ and an abstract name, as $NOTIFY_SOCKET has it
     * @throws IllegalArgumentException if it is neither, or too long for a Unix socket
     */
    public static NotifySocket open(String name) throws ErrnoException {
        if (!name.startsWith("/") && !name.startsWith("@")) {
            throw new IllegalArgumentException("no Unix socket is named '" + name + "'");
        }
        try (Arena arena = Arena.ofConfined()) {
            UnixAddress.of(name, arena);             // what is wrong is told now, not at the first notice
        }
        return new NotifySocket(Fd.of("socket", Sys.socket(AF_UNIX(), SOCK_DGRAM() | SOCK_CLOEXEC(), 0)), name);
    }

    /** Sends a text as one datagram. May wait for room at the receiver. */
    public void send(String text) throws ErrnoException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        try (Arena arena = Arena.ofConfined()) {
            UnixAddress receiver = UnixAddress.of(name, arena);
            MemorySegment message = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
            ErrnoException.check("sendto " + name, Sys.sendto(socket.number(), message, 0, bytes.length, 0,
                    receiver.memory(), receiver.length()));
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
