package wireleap.tun.os.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.Sys;
import wireleap.tun.os.linux.gen.Linux;

/** Large off-heap memory. An arena would fill it with zeros, and so make all of it resident, at once. */
public final class LinuxMemory {
    private LinuxMemory() {
    }

    /**
     * Maps memory that reads as zeros and becomes resident page by page, when first touched.
     *
     * @param bytes 1 or more
     * @param arena unmaps it at its end
     */
    public static MemorySegment map(long bytes, Arena arena) throws ErrnoException {
        long address = Sys.mmap(bytes, Linux.PROT_READ() | Linux.PROT_WRITE(),
                Linux.MAP_PRIVATE() | Linux.MAP_ANONYMOUS() | Linux.MAP_NORESERVE(), -1, 0);
        if (address < 0) {
            throw new ErrnoException("mmap " + bytes + " bytes", (int) -address);
        }
        return MemorySegment.ofAddress(address).reinterpret(bytes, arena, memory -> Sys.munmap(address, bytes));
    }
}
