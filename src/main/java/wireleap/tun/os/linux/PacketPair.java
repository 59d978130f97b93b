package wireleap.tun.os.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.Fd;
import wireleap.tun.os.Offloads;
import wireleap.tun.os.PacketDevice;
import wireleap.tun.os.Sys;
import wireleap.tun.os.linux.gen.Linux;

/**
 * Two packet devices, of which each reads what the other writes: where there is no TUN, whoever has the other one plays
 * the kernel. Two sequenced-packet sockets of unix(7), so that no privilege and no network is needed; what finds no
 * room is refused by EAGAIN, as by a TUN that is full.
 */
public final class PacketPair implements AutoCloseable {
    private static final Offloads ALL = new Offloads(true, true, true, true, true);

    private final PacketDevice near;
    private final PacketDevice far;

    private PacketPair(Fd near, Fd far) {
        this.near = new TunQueue(near, ALL);
        this.far = new TunQueue(far, ALL);
    }

    /** Makes a pair, both ends open and non-blocking. */
    public static PacketPair open() throws ErrnoException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment ends = arena.allocate(JAVA_INT, 2);
            ErrnoException.check("socketpair", Sys.socketpair(Linux.AF_UNIX(),
                    Linux.SOCK_SEQPACKET() | Linux.SOCK_CLOEXEC() | Linux.SOCK_NONBLOCK(), 0, ends));
            return new PacketPair(new Fd(ends.getAtIndex(JAVA_INT, 0)), new Fd(ends.getAtIndex(JAVA_INT, 1)));
        }
    }

    public PacketDevice near() {
        return near;
    }

    public PacketDevice far() {
        return far;
    }

    /** Closes both. */
    @Override
    public void close() {
        near.close();
        far.close();
    }
}
