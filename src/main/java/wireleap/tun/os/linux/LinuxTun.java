package wireleap.tun.os.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import wireleap.tun.os.Errno;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.Fd;
import wireleap.tun.os.Offloads;
import wireleap.tun.os.PacketDevice;
import wireleap.tun.os.Sys;
import wireleap.tun.os.linux.gen.Linux;

/**
 * A TUN device of one or more queues, each packet behind a virtio_net_hdr of 12 bytes
 * (Documentation/networking/tuntap.rst, linux/if_tun.h). It comes down and without addresses, and goes when its last
 * queue is closed, unless it was made to {@link #persist}. Needs CAP_NET_ADMIN.
 *
 * <p>Control plane: any platform thread makes it; each queue is then given to the thread of one loop.
 */
public final class LinuxTun implements AutoCloseable {
    /** struct virtio_net_hdr_v1; the kernel's default is the 10 bytes of the one before it. */
    public static final int VIRTIO_HEADER_BYTES = 12;

    /** struct ifreq: ifr_name, a union of which ifr_flags is one. Here for the reason that {@link SockAddr} gives. */
    static final int IFREQ_BYTES = 40;
    static final int IFREQ_NAME_OFFSET = 0;
    static final int IFREQ_FLAGS_OFFSET = 16;

    private static final String DEVICE = "/dev/net/tun";
    private static final int CHECKSUM = Linux.TUN_F_CSUM();
    private static final int TSO = CHECKSUM | Linux.TUN_F_TSO4() | Linux.TUN_F_TSO6();
    private static final int USO = TSO | Linux.TUN_F_USO4() | Linux.TUN_F_USO6();
    /** What is asked for, best first. TSO needs CSUM, USO4 and USO6 need each other: EINVAL else [tried on 6.18]. */
    private static final int[] LADDER = {USO, TSO, CHECKSUM, 0};

    private final String name;
    private final List<PacketDevice> queues;

    private LinuxTun(String name, List<PacketDevice> queues) {
        this.name = name;
        this.queues = List.copyOf(queues);
    }

    /**
     * Creates a device that did not exist. The first queue is opened with IFF_TUN_EXCL, because with IFF_MULTI_QUEUE a
     * second opener would silently join and take packets away.
     *
     * @param name 1 to 15 bytes
     * @param queueCount 1 or more
     * @throws ErrnoException EBUSY if there is a device of that name, EPERM without CAP_NET_ADMIN, ENOENT if the kernel
     *     has no TUN
     */
    public static LinuxTun create(String name, int queueCount) throws ErrnoException {
        return open(name, queueCount, queueCount > 1, Linux.IFF_TUN_EXCL());
    }

    /**
     * Becomes the reader of a device that has none, because it was made to {@link #persist}. The caller must know that
     * nobody else reads it. One that was made for a single queue has but one, however many are wanted: the kernel
     * insists on the IFF_MULTI_QUEUE that it was made with, or says EINVAL [tried on 6.18].
     *
     * @param name 1 to 15 bytes
     * @param queueCount 1 or more
     * @throws ErrnoException EINVAL if the device is no TUN, EPERM without CAP_NET_ADMIN
     */
    public static LinuxTun attach(String name, int queueCount) throws ErrnoException {
        try {
            return open(name, queueCount, queueCount > 1, 0);
        } catch (ErrnoException e) {
            if (e.errno() != Errno.EINVAL) {
                throw e;
            }
            return open(name, 1, queueCount == 1, 0);
        }
    }

    private static LinuxTun open(String name, int queueCount, boolean multiQueue, int firstFlags)
            throws ErrnoException {
        int length = name.getBytes(StandardCharsets.UTF_8).length;
        if (length == 0 || length >= Linux.IFNAMSIZ()) {
            throw new IllegalArgumentException("a device's name has 1 to 15 bytes: " + name);
        }
        int flags = Linux.IFF_TUN() | Linux.IFF_NO_PI() | Linux.IFF_VNET_HDR()
                | (multiQueue ? Linux.IFF_MULTI_QUEUE() : 0);
        List<Fd> opened = new ArrayList<>();
        try (Arena arena = Arena.ofConfined()) {
            opened.add(open());
            join(opened.getFirst(), name, flags | firstFlags, arena);
            headerSize(opened.getFirst(), name, arena);
            Offloads offloads = negotiate(opened.getFirst(), name);
            while (opened.size() < queueCount) {
                opened.add(open());
                join(opened.getLast(), name, flags, arena);
            }
            return new LinuxTun(name, opened.stream().<PacketDevice>map(fd -> new TunQueue(fd, offloads)).toList());
        } catch (ErrnoException e) {
            opened.forEach(Fd::close);
            throw e;
        }
    }

    /** The name that it was created with. */
    public String name() {
        return name;
    }

    /** What the kernel agreed to, the same for all queues. */
    public Offloads offloads() {
        return queues.getFirst().offloads();
    }

    /** One device for each loop. They are closed by {@link #close} or each by itself. */
    public List<PacketDevice> queues() {
        return queues;
    }

    /**
     * Says whether the device outlives its last reader, with its addresses and its routes; what goes into it then is
     * dropped. A new one does not.
     *
     * @throws ErrnoException if the kernel refused
     */
    public void persist(boolean persists) throws ErrnoException {
        ErrnoException.check("ioctl TUNSETPERSIST " + name,
                Sys.ioctl(queues.getFirst().fd(), Linux.TUNSETPERSIST(), persists ? 1 : 0));
    }

    /** Closes all queues: unless it persists the device, its addresses and its routes are gone. */
    @Override
    public void close() {
        queues.forEach(PacketDevice::close);
    }

    private static Fd open() throws ErrnoException {
        return Fd.of("open " + DEVICE,
                Sys.open(DEVICE, Linux.O_RDWR() | Linux.O_NONBLOCK() | Linux.O_CLOEXEC(), 0));
    }

    private static void join(Fd fd, String name, int flags, Arena arena) throws ErrnoException {
        MemorySegment request = arena.allocate(IFREQ_BYTES, Long.BYTES);
        request.setString(IFREQ_NAME_OFFSET, name);
        request.set(JAVA_SHORT, IFREQ_FLAGS_OFFSET, (short) flags);
        ErrnoException.check("ioctl TUNSETIFF " + name, Sys.ioctl(fd.number(), Linux.TUNSETIFF(), request));
    }

    private static void headerSize(Fd fd, String name, Arena arena) throws ErrnoException {
        ErrnoException.check("ioctl TUNSETVNETHDRSZ " + name, Sys.ioctl(fd.number(), Linux.TUNSETVNETHDRSZ(),
                arena.allocateFrom(JAVA_INT, VIRTIO_HEADER_BYTES)));
    }

    /** A kernel refuses all if it does not know one of them: USO came with 6.2. */
    private static Offloads negotiate(Fd fd, String name) throws ErrnoException {
        for (int wanted : LADDER) {
            int result = Sys.ioctl(fd.number(), Linux.TUNSETOFFLOAD(), wanted);
            if (result >= 0) {
                boolean tso = (wanted & TSO) == TSO;
                return new Offloads(true, wanted != 0, tso, tso, wanted == USO);
            }
            if (!Errno.EINVAL.is(result)) {
                throw new ErrnoException("ioctl TUNSETOFFLOAD " + name, -result);
            }
        }
        throw new ErrnoException("ioctl TUNSETOFFLOAD " + name, Errno.EINVAL.number());
    }
}
