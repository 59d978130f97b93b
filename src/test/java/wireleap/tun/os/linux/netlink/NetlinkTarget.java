package wireleap.tun.os.linux.netlink;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import wireleap.tun.fuzz.Input;
import wireleap.tun.fuzz.Stopwatch;
import wireleap.tun.fuzz.Target;
import wireleap.tun.os.ErrnoException;

/** A datagram from the kernel, or from whoever is taken for it, read as links, addresses, routes and rules. */
public final class NetlinkTarget implements Target {
    private static final List<Form> FORMS =
            List.of(LinkEntry::read, AddressEntry::read, RouteEntry::read, RuleEntry::read);

    private final MemorySegment memory = Arena.ofAuto().allocate(1 << 16, Long.BYTES);
    private final NetlinkReader reader = new NetlinkReader();

    @Override
    public void run(Input input, Stopwatch watch) {
        byte[] bytes = input.rest();
        int length = Math.min(bytes.length, 1 << 15);
        MemorySegment datagram = memory.asSlice(0, length);
        MemorySegment.copy(bytes, 0, datagram, ValueLayout.JAVA_BYTE, 0, length);
        watch.begin();
        reader.wrap(datagram);
        while (reader.advance()) {
            reader.flags();
            reader.sequence();
            entries();
        }
        watch.end();
    }

    /** Each may refuse the message, in words that say why. */
    private void entries() {
        for (Form form : FORMS) {
            try {
                form.read(reader);
            } catch (ErrnoException refused) {
                refused.errno();
            }
        }
    }

    /** What a message is read as. */
    @FunctionalInterface
    private interface Form {
        Object read(NetlinkReader message) throws ErrnoException;
    }
}
