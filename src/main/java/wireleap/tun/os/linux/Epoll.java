package wireleap.tun.os.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import wireleap.tun.os.Errno;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.Fd;
import wireleap.tun.os.Poller;
import wireleap.tun.os.Sys;
import wireleap.tun.os.linux.gen.Linux;
import wireleap.tun.os.linux.gen.epoll_event_aligned;
import wireleap.tun.os.linux.gen.epoll_event_packed;

/**
 * A poller over epoll(7), woken by an eventfd(2). Its memory is two arrays of struct epoll_event in the arena given;
 * its thread is the arena's.
 *
 * <pre>struct epoll_event { uint32_t events; epoll_data_t data; };   12 bytes on x86-64, where it is packed; 16
 * elsewhere</pre>
 */
public final class Epoll implements Poller {
    private static final boolean PACKED = System.getProperty("os.arch").equals("amd64");
    private static final long EVENT_BYTES =
            PACKED ? epoll_event_packed.sizeof() : epoll_event_aligned.sizeof();
    private static final long DATA_OFFSET =
            PACKED ? epoll_event_packed.data$offset() : epoll_event_aligned.data$offset();
    private static final long NANOS_PER_MILLI = 1_000_000;

    /** The number 1 as eventfd wants it. */
    private static final MemorySegment ONE = Arena.global().allocateFrom(JAVA_LONG, 1);

    private final Fd epoll;
    /** Edge-triggered and never read: each write is a new edge, and the counter has room for 2^64 - 2 of them. */
    private final Fd alarm;
    /** Who may use the alarm: the poller while it is open, and each that wakes it just now. The last one closes it. */
    private final AtomicInteger holders = new AtomicInteger(1);
    private final MemorySegment ready;
    private final MemorySegment change;
    private final int capacity;

    /**
     * Opens a poller.
     *
     * @param arena the poller lives as long as it, or until {@link #close}
     * @param capacity how many ready descriptors one {@link #await} tells at most, 1 or more
     */
    public Epoll(Arena arena, int capacity) throws ErrnoException {
        this.capacity = capacity;
        this.ready = arena.allocate(EVENT_BYTES * capacity, JAVA_LONG.byteAlignment());
        this.change = arena.allocate(EVENT_BYTES, JAVA_LONG.byteAlignment());
        this.epoll = Fd.of("epoll_create1", LinuxSys.epollCreate1(Linux.EPOLL_CLOEXEC()));
        Fd opened = null;
        try {
            opened = Fd.of("eventfd", LinuxSys.eventfd(0, Linux.EFD_CLOEXEC() | Linux.EFD_NONBLOCK()));
            ErrnoException.check("epoll_ctl", add(opened.number(), READABLE | EDGE_TRIGGERED, RESERVED_DATUM));
        } catch (ErrnoException e) {
            if (opened != null) {
                opened.close();
            }
            epoll.close();
            throw e;
        }
        this.alarm = opened;
    }

    @Override
    public int add(int fd, int interest, long datum) {
        return control(Linux.EPOLL_CTL_ADD(), fd, interest, datum);
    }

    @Override
    public int modify(int fd, int interest, long datum) {
        return control(Linux.EPOLL_CTL_MOD(), fd, interest, datum);
    }

    @Override
    public int remove(int fd) {
        return control(Linux.EPOLL_CTL_DEL(), fd, 0, 0);
    }

    private int control(int operation, int fd, int interest, long datum) {
        change.set(JAVA_INT_UNALIGNED, 0, mask(interest));
        change.set(JAVA_LONG_UNALIGNED, DATA_OFFSET, datum);
        return LinuxSys.epollCtl(epoll.number(), operation, fd, change);
    }

    private static int mask(int interest) {
        return ((interest & READABLE) != 0 ? Linux.EPOLLIN() | Linux.EPOLLRDHUP() | Linux.EPOLLPRI() : 0)
                | ((interest & WRITABLE) != 0 ? Linux.EPOLLOUT() : 0)
                | ((interest & EDGE_TRIGGERED) != 0 ? Linux.EPOLLET() : 0);
    }

    @Override
    public int await(long timeoutNanos) {
        int count = LinuxSys.epollWait(epoll.number(), ready, capacity, millis(timeoutNanos));
        if (count < 0) {
            return Errno.EINTR.is(count) ? 0 : count;
        }
        for (int i = 0; i < count; i++) {
            if (datum(i) == RESERVED_DATUM) {
                count--;
                MemorySegment.copy(ready, count * EVENT_BYTES, ready, i * EVENT_BYTES, EVENT_BYTES);
                break;
            }
        }
        return count;
    }

    private static int millis(long nanos) {
        if (nanos <= 0) {
            return 0;
        }
        if (nanos == Long.MAX_VALUE) {
            return -1;
        }
        return (int) Math.min((nanos - 1) / NANOS_PER_MILLI + 1, Integer.MAX_VALUE);
    }

    @Override
    public long datum(int i) {
        return ready.get(JAVA_LONG_UNALIGNED, i * EVENT_BYTES + DATA_OFFSET);
    }

    @Override
    public int events(int i) {
        int bits = ready.get(JAVA_INT_UNALIGNED, i * EVENT_BYTES);
        return ((bits & Linux.EPOLLIN()) != 0 ? READABLE : 0)
                | ((bits & Linux.EPOLLOUT()) != 0 ? WRITABLE : 0)
                | ((bits & (Linux.EPOLLERR() | Linux.EPOLLHUP())) != 0 ? FAILED : 0)
                | ((bits & Linux.EPOLLRDHUP()) != 0 ? ENDED : 0)
                | ((bits & Linux.EPOLLPRI()) != 0 ? URGENT : 0);
    }

    @Override
    public void wake() {
        int present;
        do {
            present = holders.get();
            if (present == 0) {
                return;
            }
        } while (!holders.compareAndSet(present, present + 1));
        Sys.write(alarm.number(), ONE, 0, JAVA_LONG.byteSize());
        leave();
    }

    private void leave() {
        if (holders.decrementAndGet() == 0) {
            alarm.close();
        }
    }

    @Override
    public void close() {
        if (epoll.isOpen()) {
            epoll.close();
            leave();
        }
    }
}
