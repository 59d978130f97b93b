package wireleap.tun.fuzz;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import wireleap.tun.upstream.DatagramLink;
import wireleap.tun.upstream.Link;
import wireleap.tun.upstream.LinkOwner;
import wireleap.tun.upstream.Links;
import wireleap.tun.upstream.SocketError;

/** Sockets that do what the fuzzer says. */
final class HostileLinks implements Links {
    static final int ALL = LinkOwner.READABLE | LinkOwner.WRITABLE | LinkOwner.FAILED;

    /** Those that are open, oldest first. */
    final List<HostileStream> streams = new ArrayList<>();
    final List<HostileDatagrams> datagrams = new ArrayList<>();
    /** What connecting the next stream answers at once, and opening the next datagram socket. */
    private int nextStream = SocketError.AGAIN;
    private int nextDatagrams;
    private final boolean peeks;

    /** @param peeks whether streams can be peeked at */
    HostileLinks(boolean peeks) {
        this.peeks = peeks;
    }

    /** One of the errors that sockets have, never AGAIN. */
    static int error(int choice) {
        return SocketError.REFUSED - choice % (SocketError.REFUSED - SocketError.OTHER + 1);
    }

    void obeyNext(Input input) {
        int choice = input.u8();
        nextStream = (choice & 3) == 0 ? SocketError.AGAIN : (choice & 3) == 1 ? 0 : error(choice >> 2);
        nextDatagrams = (choice & 0x80) == 0 ? 0 : error(choice >> 2);
    }

    /** Says something about one stream; nothing if there is none. */
    void obeyStream(Input input, long nowNanos) {
        int which = input.u8();
        if (!streams.isEmpty()) {
            streams.get(which % streams.size()).obey(input, nowNanos);
        }
    }

    /** Says something about one datagram socket; nothing if there is none. */
    void obeyDatagrams(Input input, long nowNanos) {
        int which = input.u8();
        if (!datagrams.isEmpty()) {
            datagrams.get(which % datagrams.size()).obey(input, nowNanos);
        }
    }

    int open() {
        return streams.size() + datagrams.size();
    }

    @Override
    public Link connect(long hi, long lo, int port, LinkOwner owner) {
        HostileStream made = new HostileStream(this, owner, peeks, nextStream);
        streams.add(made);
        return made;
    }

    @Override
    public DatagramLink datagrams(boolean v6, LinkOwner owner) {
        return open(owner, false);
    }

    @Override
    public DatagramLink connectedDatagrams(long hi, long lo, int port, LinkOwner owner) {
        return open(owner, true);
    }

    private DatagramLink open(LinkOwner owner, boolean connected) {
        HostileDatagrams made = new HostileDatagrams(this, owner, connected, nextDatagrams);
        datagrams.add(made);
        return made;
    }

    /** Fails where the slice is not within the memory, as the kernel would with EFAULT, or worse. */
    static void touch(MemorySegment memory, long offset, int length) {
        if (length > 0) {
            memory.get(ValueLayout.JAVA_BYTE, offset);
            memory.get(ValueLayout.JAVA_BYTE, offset + length - 1);
        }
    }

    static void mustBe(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError("the core breaks the rules of sockets: " + what);
        }
    }
}
