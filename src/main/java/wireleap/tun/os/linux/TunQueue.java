package wireleap.tun.os.linux;

import java.lang.foreign.MemorySegment;
import wireleap.tun.os.Fd;
import wireleap.tun.os.IoVec;
import wireleap.tun.os.Offloads;
import wireleap.tun.os.PacketDevice;
import wireleap.tun.os.Sys;

/** One queue of a TUN device, open as long as its descriptor. */
final class TunQueue implements PacketDevice {
    private final Fd fd;
    private final Offloads offloads;

    TunQueue(Fd fd, Offloads offloads) {
        this.fd = fd;
        this.offloads = offloads;
    }

    @Override
    public int fd() {
        return fd.number();
    }

    @Override
    public Offloads offloads() {
        return offloads;
    }

    @Override
    public int read(MemorySegment memory, long offset, int length) {
        return Sys.read(fd.number(), memory, offset, length);
    }

    @Override
    public int write(MemorySegment memory, long offset, int length) {
        return Sys.write(fd.number(), memory, offset, length);
    }

    @Override
    public int write(IoVec parts) {
        return Sys.writev(fd.number(), parts);
    }

    @Override
    public void close() {
        fd.close();
    }
}
