package wireleap.tun.fuzz;

import static wireleap.tun.fuzz.Sums.VIRTIO;
import static wireleap.tun.fuzz.Sums.put16;
import static wireleap.tun.fuzz.Sums.u16;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import wireleap.tun.dns.Redirect;
import wireleap.tun.flow.Stack;
import wireleap.tun.flow.StackSettings;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Slab;
import wireleap.tun.upstream.Direct;
import wireleap.tun.upstream.Socks5;
import wireleap.tun.upstream.Socks5Settings;
import wireleap.tun.upstream.Upstream;
import wireleap.tun.wire.PacketOutput;

/**
 * The whole core. The bytes are a program: settings, then packets, what sockets do, time that passes, the ends of turns. A
 * packet lies in a segment of exactly its size, so that reading beyond it throws. Looked at: every packet that is sent, by
 * {@link SentJudge}; that a packet with a wrong checksum changes nothing and is not answered; that the stack comes to rest;
 * that nothing is left of it after its close.
 */
final class CoreTarget implements Target, PacketOutput {
    private static final int[] MTUS = {1500, 1280, 9000, 65_535};
    private static final int[] DATAGRAMS = {0, 1, 8, 30, 100, 512, 1200, 1472, 1473, 2000, 4000, 9000, 30_000, 65_000, 65_507, 65_527};
    private static final int[] WHOLES = {64, 1480, 3000, 9000, 20_000, 64_000, 65_515, 65_535};
    private static final long START_NANOS = 1_000_000_000L;
    private static final long PATIENCE_NANOS = 20_000_000_000L;
    private static final int MOST_STEPS = 2000;
    private static final int TURNS_TO_REST = 5000;
    private static final int CONVERSATIONS = 8;

    private final MemorySegment slabMemory = Arena.ofAuto().allocate(2 << 20, 4096);
    private final MemorySegment packets = Arena.ofAuto().allocate(1 << 17, 64);
    private final MemorySegment scratch = Arena.ofAuto().allocate(HEADER_SPACE, 64);
    private final Frames frame = new Frames();
    private final byte[] sent = new byte[Frames.MOST];

    // of the present program
    private Stopwatch watch;
    private Slab slab;
    private HostileLinks links;
    private Stack stack;
    private SentJudge judge;
    private Conversation[] conversations;
    private boolean cutsDatagrams;
    private int sentBytes;
    private int sentPackets;
    private long nowNanos;

    @Override
    public void run(Input input, Stopwatch stopwatch) {
        watch = stopwatch;
        begin(input.u8(), input.u8());
        for (int steps = 0; !input.isEmpty() && steps < MOST_STEPS; steps++) {
            step(input);
        }
        end();
    }

    private void begin(int manners, int limits) {
        int bytes = (limits & 1) != 0 ? 640 << 10 : 2 << 20;
        slab = new Slab(slabMemory.asSlice(0, bytes));
        Counters counters = new Counters();
        links = new HostileLinks((limits & 16) == 0);
        String login = (manners & 2) != 0 ? "me" : "";
        Upstream upstream = (manners & 1) == 0 ? new Direct(links, PATIENCE_NANOS, counters)
                : new Socks5(links, new Socks5Settings(0, Place.RELAY_4, Place.RELAY_PORT, login, "", PATIENCE_NANOS),
                        slab, counters, (status, error) -> { });
        int mtu = MTUS[manners >> 2 & 3];
        StackSettings settings = StackSettings.of(mtu, Place.SELF_4, Place.CLIENT_6_HI, 1)
                .withFlows((limits & 2) != 0 ? 3 : 64, (limits & 2) != 0 ? 2 : 64, (limits & 4) != 0 ? 1 << 12 : 1 << 16)
                .withSessions((limits & 8) != 0 ? 2 : 16, (limits & 8) != 0 ? 1 : 16, 60_000_000_000L)
                .withManners((manners & 16) != 0, (manners & 32) == 0)
                .withDns((manners & 64) != 0 ? new Redirect(0, Place.RELAY_4, 53) : Redirect.NONE);
        cutsDatagrams = (manners & 128) == 0;
        judge = new SentJudge(mtu);
        conversations = new Conversation[CONVERSATIONS];
        for (int i = 0; i < CONVERSATIONS; i++) {
            conversations[i] = new Conversation(i);
        }
        sentBytes = 0;
        sentPackets = 0;
        nowNanos = START_NANOS;
        stack = new Stack(settings, slab, this, upstream, counters, 1, nowNanos);
    }

    private void step(Input input) {
        int operation = input.u8();
        switch (operation & 15) {
            case 0, 1, 2, 3 -> {
                int how = input.u8();
                conversations[how & 7].write(frame, input, how, nowNanos);
                inject(operation, input);
            }
            case 4 -> {
                datagram(input);
                inject(operation, input);
            }
            case 5 -> {
                echo(input);
                inject(operation, input);
            }
            case 6 -> {
                error(input);
                inject(operation, input);
            }
            case 7 -> {
                fragment(input);
                inject(operation, input);
            }
            case 8 -> {
                byte[] raw = input.bytes(input.u8());
                frame.copy(raw, raw.length);
                give();
            }
            case 9 -> {
                frame.copy(sent, sentBytes);
                frame.mirror();
                inject(operation, input);
            }
            case 10 -> nowNanos += 1L + input.u8() << (operation >> 4) * 2;
            case 11 -> nowNanos = Math.max(nowNanos, Math.min(stack.deadlineNanos(), nowNanos + 3_600_000_000_000L));
            case 12, 13 -> watch.time(() -> links.obeyStream(input, nowNanos));
            case 14 -> watch.time(() -> links.obeyDatagrams(input, nowNanos));
            default -> other(input);
        }
        if ((operation & 0x80) != 0) {
            turn();
        }
    }

    private void other(Input input) {
        int which = input.u8();
        switch (which & 3) {
            case 0 -> links.obeyNext(input);
            case 1 -> watch.time(() -> stack.resetMatching((hi, lo) -> (lo & 1) == (which >> 2 & 1), nowNanos));
            default -> turn();
        }
    }

    private void datagram(Input input) {
        int how = input.u8();
        boolean v6 = (how & 1) != 0;
        int length = DATAGRAMS[input.u8() & 15];
        int udp = frame.begin(v6, Sums.UDP, Math.min(8 + length, v6 ? 65_495 : 65_515));
        boolean dns = (how & 8) != 0;
        frame.udp(udp, 2000 + (how >> 1 & 3), dns ? 53 : 443, frame.length - udp);
        byte[] question = Place.question(how >> 5, false);
        if (dns && length >= question.length) {
            System.arraycopy(question, 0, frame.bytes, udp + 8, question.length);
        }
        if ((how & 16) != 0) {
            frame.gso(5, input.u16());
        }
    }

    private void echo(Input input) {
        int how = input.u8();
        boolean v6 = (how & 1) != 0;
        int icmp = frame.begin(v6, v6 ? Sums.ICMP6 : Sums.ICMP4,
                8 + Math.min(DATAGRAMS[input.u8() & 15], v6 ? 65_480 : 65_500));
        frame.bytes[icmp] = (byte) (v6 ? 128 : 8);
    }

    /** An ICMP error, most of all about the packet that was sent last. */
    private void error(Input input) {
        int how = input.u8();
        boolean v6 = sentBytes > VIRTIO && !Sums.isV4(sent);
        int quoted = Math.min(Math.max(0, sentBytes - VIRTIO), (how & 0xf0) * 4);
        int icmp = frame.begin(v6, v6 ? Sums.ICMP6 : Sums.ICMP4, 8 + quoted);
        frame.bytes[icmp] = (byte) (v6 ? 1 + (how & 3) : (how & 8) == 0 ? 3 : 11);
        frame.bytes[icmp + 1] = (byte) input.u8();
        put16(frame.bytes, icmp + 6, input.u16());
        System.arraycopy(sent, VIRTIO, frame.bytes, icmp + 8, quoted);
    }

    /** A part of one of a few datagrams, so that parts fit together if the fuzzer wants. */
    private void fragment(Input input) {
        int how = input.u8();
        boolean v6 = (how & 1) != 0;
        int protocol = (how & 2) == 0 ? Sums.UDP : v6 ? Sums.ICMP6 : Sums.ICMP4;
        int whole = WHOLES[how >> 2 & 7];
        int unit = Math.max(8, whole / 16 & ~7);
        int where = input.u8();
        int from = (where & 15) * unit;
        int to = Math.min(from + ((where >> 4) + 1) * unit, whole);
        if ((where >> 4) == 15) {
            to = whole;
        }
        fragment(v6, protocol, whole, how >> 5, Math.min(from, to), to);
    }

    private void fragment(boolean v6, int protocol, int whole, int identification, int from, int to) {
        int at = frame.begin(v6, protocol, whole <= 65_495 ? whole : 65_495);
        transportOfWhole(protocol, at, whole);
        Sums.fixTransport(frame.bytes, frame.length, false);
        byte[] head = new byte[8];
        System.arraycopy(frame.bytes, at, head, 0, 8);
        int fragmentHeader = v6 ? 8 : 0;
        int part = frame.begin(v6, v6 ? 44 : protocol, Math.min(fragmentHeader + to - from, 65_495));
        if (v6) {
            frame.bytes[part] = (byte) protocol;
            put16(frame.bytes, part + 2, from | (to < whole ? 1 : 0));
            frame.bytes[part + 7] = (byte) identification;
        } else {
            frame.bytes[VIRTIO + 5] = (byte) identification;
            put16(frame.bytes, VIRTIO + 6, from >> 3 | (to < whole ? 0x2000 : 0));
        }
        if (from == 0 && to >= 8) {
            System.arraycopy(head, 0, frame.bytes, part + fragmentHeader, 8);
        }
    }

    private void transportOfWhole(int protocol, int at, int whole) {
        if (protocol == Sums.UDP) {
            frame.udp(at, 2000, 443, Math.min(whole, 65_495));
        } else {
            frame.bytes[at] = (byte) (protocol == Sums.ICMP6 ? 128 : 8);
        }
    }

    /** Bits 4, 5 of the operation: how checksums are; bit 6: whether bytes are changed before. */
    private void inject(int operation, Input input) {
        if ((operation & 0x40) != 0) {
            frame.mutate(input);
        }
        frame.seal(operation >> 4 & 3, input);
        give();
    }

    private void give() {
        boolean damaged = frame.length > 0 && Sums.isDamaged(frame.bytes, frame.length);
        int before = sentPackets;
        int flows = stack.tcpFlows();
        int sessions = stack.udpSessions();
        long deadlineNanos = stack.deadlineNanos();
        MemorySegment packet = packets.asSlice(64, frame.length);
        MemorySegment.copy(frame.bytes, 0, packet, ValueLayout.JAVA_BYTE, 0, frame.length);
        watch.begin();
        stack.onPacket(packet, 0, frame.length, nowNanos);
        watch.end();
        if (damaged && (sentPackets != before || stack.tcpFlows() != flows || stack.udpSessions() != sessions
                || stack.deadlineNanos() != deadlineNanos)) {
            throw new AssertionError("a packet whose checksum is wrong was answered, or changed something");
        }
    }

    private void turn() {
        watch.begin();
        stack.endOfTurn(nowNanos);
        watch.end();
        if (stack.deadlineNanos() <= nowNanos) {
            watch.begin();
            stack.onTimer(nowNanos);
            watch.end();
        }
    }

    private void end() {
        for (int i = 0; i < TURNS_TO_REST && stack.deadlineNanos() <= nowNanos; i++) {
            turn();
        }
        must(stack.deadlineNanos() > nowNanos, "the stack does not come to rest");
        stack.close(nowNanos);
        must(slab.usedBytes() == 0, slab.usedBytes() + " bytes of the slab are left");
        must(links.open() == 0, links.open() + " sockets are left");
        must(stack.tcpFlows() == 0 && stack.udpSessions() == 0, "flows are left");
    }

    private static void must(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    @Override
    public boolean cutsDatagrams() {
        return cutsDatagrams;
    }

    @Override
    public MemorySegment headers() {
        return scratch;
    }

    @Override
    public void send(int headerBytes, MemorySegment memory1, long offset1, int length1,
                     MemorySegment memory2, long offset2, int length2) {
        must(headerBytes <= HEADER_SPACE - HEADER_OFFSET && headerBytes + length1 + length2 <= Frames.MOST, "a packet of "
                + headerBytes + ", " + length1 + " and " + length2 + " bytes");
        MemorySegment.copy(scratch, ValueLayout.JAVA_BYTE, HEADER_OFFSET, sent, 0, headerBytes);
        if (length1 > 0) {
            MemorySegment.copy(memory1, ValueLayout.JAVA_BYTE, offset1, sent, headerBytes, length1);
        }
        if (length2 > 0) {
            MemorySegment.copy(memory2, ValueLayout.JAVA_BYTE, offset2, sent, headerBytes + length1, length2);
        }
        sentBytes = headerBytes + length1 + length2;
        sentPackets++;
        watch.exclude(this::lookAtSent);
    }

    private void lookAtSent() {
        judge.look(sent, sentBytes);
        boolean v6 = !Sums.isV4(sent);
        int tcp = VIRTIO + (v6 ? 40 : 20);
        if (Sums.protocol(sent) == Sums.TCP) {
            for (Conversation conversation : conversations) {
                if (conversation.v6 == v6 && conversation.clientPort == u16(sent, tcp + 2)
                        && conversation.targetPort == u16(sent, tcp)) {
                    conversation.saw(sent, sentBytes);
                }
            }
        }
    }
}
