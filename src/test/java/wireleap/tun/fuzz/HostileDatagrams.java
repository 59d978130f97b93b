package wireleap.tun.fuzz;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import wireleap.tun.upstream.DatagramLink;
import wireleap.tun.upstream.DatagramMeta;
import wireleap.tun.upstream.LinkOwner;
import wireleap.tun.upstream.SocketError;

/** A datagram socket to and from which anything comes; see {@link HostileStream}. */
final class HostileDatagrams implements DatagramLink {
    private static final int[] LENGTHS = {0, 1, 7, 12, 100, 512, 1200, 1472, 1473, 2000, 4000, 9000, 30_000, 65_507, 65_527, 65_535};

    /** The kernel merges no more than it could have received as one (GRO_LEGACY_MAX_SIZE of linux/netdevice.h). */
    private static final int MOST_TOGETHER = 65_488;
    /** UDP_GRO_CNT_MAX of the kernel's net/ipv4/udp_offload.c. */
    private static final int MOST_MERGED = 64;

    /** What lies in the socket's queue: a head, and so many bytes behind it, perhaps in datagrams of one size; or an error. */
    private record Arrived(long hi, long lo, int port, byte[] head, int more, int segmentBytes, int error, int mtu) {
    }

    private final HostileLinks links;
    private final LinkOwner owner;
    private final boolean connected;
    private final int openResult;
    private final ArrayDeque<Arrived> arrived = new ArrayDeque<>();
    private final ArrayDeque<Arrived> undelivered = new ArrayDeque<>();
    /** 0: all is sent; else the answer to what is sent. */
    private int sendResult;
    /** The most datagrams of a train that are sent at once. */
    private int trainMost = 64;
    private boolean gone;

    HostileDatagrams(HostileLinks links, LinkOwner owner, boolean connected, int openResult) {
        this.links = links;
        this.owner = owner;
        this.connected = connected;
        this.openResult = openResult;
    }

    void obey(Input input, long nowNanos) {
        if (openResult != 0) {
            return;
        }
        switch (input.u8() % 8) {
            case 0, 1 -> arrives(input, new byte[0], nowNanos);
            case 2 -> arrives(input, header(input.u8()), nowNanos);
            case 3 -> arrives(input, input.bytes(input.u8() & 31), nowNanos);
            case 4 -> {
                undelivered.add(from(input, new byte[0], 0, 0, HostileLinks.error(input.u8())));
                owner.onReady(LinkOwner.FAILED, nowNanos);
            }
            case 5 -> sendResult = (input.u8() & 1) == 0 ? 0 : HostileLinks.error(input.u8());
            case 6 -> {
                trainMost = 1 + (input.u8() & 63);
                owner.onReady(input.u8() & 7, nowNanos);
            }
            default -> {
                arrived.add(from(input, new byte[0], 0, 0, HostileLinks.error(input.u8())));
                owner.onReady(HostileLinks.ALL, nowNanos);
            }
        }
    }

    private void arrives(Input input, byte[] head, long nowNanos) {
        int how = input.u8();
        int more = Math.min(LENGTHS[how & 15], 65_535 - head.length);
        int piece = LENGTHS[how >> 4];
        int all = head.length + more;
        boolean several = !connected && all > piece && all <= Math.min(MOST_TOGETHER, piece * MOST_MERGED);
        if (arrived.size() < 64) {
            arrived.add(from(input, head, more, several ? piece : 0, 0));
        }
        owner.onReady(LinkOwner.READABLE, nowNanos);
    }

    private static Arrived from(Input input, byte[] head, int more, int segmentBytes, int error) {
        int who = input.u8();
        boolean v6 = (who & 4) != 0;
        long lo = v6 ? who & 3 : Place.RELAY_4 + (who & 3);
        int port = (who & 8) != 0 ? Place.RELAY_PORT : (who & 0x80) != 0 ? 53 : who & 0xf0;
        return new Arrived(v6 ? Place.TARGET_6_HI : 0, lo, port, head, more, segmentBytes, error, (who & 0x70) * 20);
    }

    /** RFC 1928 section 7. */
    private static byte[] header(int choice) {
        byte[] v4 = {0, 0, (byte) ((choice & 0x70) == 0x70 ? 1 : 0), 1, (byte) 198, 51, 100, 7, 0, 53};
        byte[] v6 = {0, 0, 0, 4, 0x20, 1, 0x0d, (byte) 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 53};
        byte[] name = {0, 0, 0, 3, 1, 'a', 0, 53};
        return (choice & 3) == 1 ? v6 : (choice & 3) == 2 ? name : v4;
    }

    @Override
    public int openResult() {
        alive();
        return openResult;
    }

    @Override
    public int send(long hi, long lo, int port, MemorySegment head, long headOffset, int headLength,
                    MemorySegment body, long bodyOffset, int bodyLength) {
        alive();
        HostileLinks.mustBe(openResult == 0 && headLength >= 0 && bodyLength >= 0, "send");
        HostileLinks.touch(head, headOffset, headLength);
        HostileLinks.touch(body, bodyOffset, bodyLength);
        return sendResult != 0 ? failed() : headLength + bodyLength;
    }

    @Override
    public int sendTrain(long hi, long lo, int port, MemorySegment memory, long offset, int length, int segmentBytes) {
        alive();
        HostileLinks.mustBe(openResult == 0 && segmentBytes > 0 && length >= segmentBytes && length <= 65_507,
                "sendTrain");
        HostileLinks.touch(memory, offset, length);
        return sendResult != 0 ? failed() : (int) Math.min(length, (long) trainMost * segmentBytes);
    }

    /** What is too large is told once more, for the port that the kernel does not know any more. */
    private int failed() {
        if (sendResult == SocketError.MESSAGE_SIZE && undelivered.size() < 64) {
            undelivered.add(new Arrived(0, Place.TARGET_4, 0, new byte[0], 0, 0, sendResult, trainMost * 40));
        }
        return sendResult;
    }

    @Override
    public void mayFragment(boolean allowed) {
        alive();
        HostileLinks.mustBe(openResult == 0, "mayFragment");
    }

    @Override
    public int recv(DatagramMeta meta, MemorySegment memory, long offset, int length) {
        alive();
        HostileLinks.mustBe(openResult == 0 && length >= 65_535, "recv");
        HostileLinks.touch(memory, offset, length);
        Arrived next = arrived.poll();
        if (next == null) {
            return SocketError.AGAIN;
        }
        if (next.error() != 0) {
            return next.error();
        }
        meta.fill(next.hi(), next.lo(), next.port(), offset);
        meta.segmentBytes(next.segmentBytes());
        MemorySegment.copy(next.head(), 0, memory, ValueLayout.JAVA_BYTE, offset, next.head().length);
        return next.head().length + next.more();
    }

    @Override
    public int unreachable(DatagramMeta meta) {
        alive();
        Arrived next = undelivered.poll();
        if (next == null) {
            return SocketError.AGAIN;
        }
        meta.fill(next.hi(), next.lo(), next.port(), 0);
        meta.mtu(next.mtu());
        return next.error();
    }

    @Override
    public void close() {
        alive();
        gone = true;
        links.datagrams.remove(this);
    }

    private void alive() {
        HostileLinks.mustBe(!gone, "use after the end");
    }
}
