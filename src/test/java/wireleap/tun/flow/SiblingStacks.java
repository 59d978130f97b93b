package wireleap.tun.flow;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.stream.IntStream;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Gauge;
import wireleap.tun.mem.Slab;
import wireleap.tun.upstream.Direct;
import wireleap.tun.upstream.SimNet;
import wireleap.tun.wire.IpPacket;
import wireleap.tun.wire.PacketOutput;
import wireleap.tun.wire.VirtioNetHeader;

/** Several stacks of one daemon over one network in memory, and the loops that drive them in turn. */
final class SiblingStacks {
    /** A packet on its way from one stack to another. */
    private record Given(byte[] packet, int note) {
    }

    /** One stack with what it sends and what it is given. */
    final class Member implements Siblings, PacketOutput {
        final Counters counters = new Counters();
        /** Packets that it has sent, without virtio headers. */
        final List<byte[]> sent = new ArrayList<>();
        final Stack stack;
        private final int self;
        private final Queue<Given> given = new ArrayDeque<>();
        private final MemorySegment scratch = Arena.ofAuto().allocate(HEADER_SPACE);
        private final int count;

        private Member(int self, int count, StackSettings settings) {
            this.self = self;
            this.count = count;
            Slab slab = new Slab(Arena.ofAuto().allocate(4 << 20, 4096));
            stack = new Stack(settings, slab, this, new Direct(net, World.PATIENCE, counters), counters, this, self + 1,
                    net.nowNanos());
        }

        @Override
        public int count() {
            return count;
        }

        @Override
        public int self() {
            return self;
        }

        @Override
        public boolean give(int loop, IpPacket packet, int note) {
            if (!full) {
                byte[] bytes = new byte[packet.totalLength()];
                MemorySegment.copy(packet.memory(), ValueLayout.JAVA_BYTE, packet.headerOffset(), bytes, 0, bytes.length);
                members.get(loop).given.add(new Given(bytes, note));
            }
            return !full;
        }

        @Override
        public boolean cutsDatagrams() {
            return true;
        }

        @Override
        public MemorySegment headers() {
            return scratch;
        }

        @Override
        public void send(int headerBytes, MemorySegment m1, long off1, int len1, MemorySegment m2, long off2, int len2) {
            byte[] bytes = new byte[headerBytes + len1 + len2];
            MemorySegment.copy(scratch, ValueLayout.JAVA_BYTE, HEADER_OFFSET, bytes, 0, headerBytes);
            MemorySegment.copy(m1, ValueLayout.JAVA_BYTE, off1, bytes, headerBytes, len1);
            MemorySegment.copy(m2, ValueLayout.JAVA_BYTE, off2, bytes, headerBytes + len1, len2);
            sent.add(Arrays.copyOfRange(bytes, VirtioNetHeader.BYTES, bytes.length));
        }

        /** Its queue of the TUN brings a packet. */
        void receive(byte[] bytes) {
            stack.onPacket(inMemory(bytes), 0, bytes.length, net.nowNanos());
        }

        private void turn() {
            for (Given packet = given.poll(); packet != null; packet = given.poll()) {
                stack.onGiven(inMemory(packet.packet()), 0, packet.packet().length, packet.note(), net.nowNanos());
            }
            stack.endOfTurn(net.nowNanos());
            if (stack.deadlineNanos() <= net.nowNanos()) {
                stack.onTimer(net.nowNanos());
            }
        }

        private boolean isIdle() {
            return given.isEmpty() && stack.deadlineNanos() > net.nowNanos();
        }
    }

    final SimNet net = new SimNet(1);
    final List<Member> members = new ArrayList<>();
    /** Whether no stack takes what is given. */
    boolean full;

    SiblingStacks(int count) {
        StackSettings settings = World.settings().share(count);
        IntStream.range(0, count).forEach(self -> members.add(new Member(self, count, settings)));
    }

    private static MemorySegment inMemory(byte[] bytes) {
        MemorySegment memory = Arena.ofAuto().allocate(bytes.length, 8);
        return memory.copyFrom(MemorySegment.ofArray(bytes));
    }

    /** Lets everything happen that is on its way. */
    void run() {
        long until = net.nowNanos() + 100_000_000;
        do {
            members.forEach(Member::turn);
            if (members.stream().allMatch(Member::isIdle)) {
                net.advanceTo(Math.min(until, net.nextNanos()));
            }
        } while (net.nextNanos() <= until || !members.stream().allMatch(Member::isIdle));
    }

    long count(Counter counter) {
        return members.stream().mapToLong(member -> member.counters.value(counter)).sum();
    }

    /** Of each member. */
    List<Long> each(Gauge gauge) {
        return members.stream().map(member -> member.counters.value(gauge)).toList();
    }

    /** What all have sent, member by member. */
    List<byte[]> sent() {
        return members.stream().flatMap(member -> member.sent.stream()).toList();
    }

    /** Closes all and says how many links are left. */
    int linksAfterClose() {
        members.forEach(member -> member.stack.close(net.nowNanos()));
        net.settle();
        return net.openLinks();
    }
}
