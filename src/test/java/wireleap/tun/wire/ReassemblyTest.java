package wireleap.tun.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.mem.Bytes;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Slab;
import wireleap.tun.testing.HeapAllocation;

class ReassemblyTest {
    private static final int MIB = 1 << 20;
    private static final long SECOND = 1_000_000_000L;
    private static final int MAX_DATAGRAMS = 8;
    private static final int MAX_BYTES = MIB;
    private static final MemorySegment MEMORY = Arena.ofAuto().allocate(4 * MIB); // full of the last test's bytes

    private final Slab slab = new Slab(MEMORY);
    private final Counters counters = new Counters();
    private final Reassembly reassembly =
            new Reassembly(slab, MAX_DATAGRAMS, MAX_BYTES, 30 * SECOND, counters);
    private final IpPacket packet = new IpPacket();
    private final IpWriter ip = new IpWriter();

    private static LongStream seeds() {
        return LongStream.range(0, 300);
    }

    /** A part of a datagram. */
    private record Part(int version, int id, byte[] datagram, int start, int end, boolean more) {
        MemorySegment packet(IpWriter ip) {
            if (version == 4) {
                ip.between(0, Hex.ipv4(10, 0, 0, 1), 0, Hex.ipv4(1, 2, 3, 4), 17);
            } else {
                ip.between(0xfd00_0000_0000_0000L, 1, 0x2001_0db8_0000_0000L, 5, 17);
            }
            MemorySegment packet = MemorySegment.ofArray(new byte[ip.fragmentHeaderBytes() + end - start]);
            ip.writeFragment(packet, 0, end - start, start, more, id);
            MemorySegment.copy(MemorySegment.ofArray(datagram), start, packet, ip.fragmentHeaderBytes(), end - start);
            return packet;
        }
    }

    private static byte[] datagram(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** The part of a datagram from start to end, with more to follow unless it ends there. */
    private static Part part(int version, int id, byte[] datagram, int start, int end) {
        return new Part(version, id, datagram, start, end, end < datagram.length);
    }

    private boolean add(Part part, long nowNanos) {
        return add(part.packet(ip), nowNanos);
    }

    private boolean add(MemorySegment fragment, long nowNanos) {
        assertEquals(IpPacket.OK, packet.parse(fragment, 0, (int) fragment.byteSize()));
        return reassembly.add(packet, nowNanos);
    }

    private byte[] result() {
        assertEquals(IpPacket.OK, reassembly.parse(packet));
        return Hex.bytes(packet.memory(), packet.payloadOffset(), packet.payloadLength());
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 6})
    void fragmentsInOrderBecomeTheDatagram(int version) {
        byte[] datagram = datagram(3_000, 1);
        assertFalse(add(part(version, 1, datagram, 0, 1_448), 0));
        assertFalse(add(part(version, 1, datagram, 1_448, 2_896), 0));
        assertTrue(add(part(version, 1, datagram, 2_896, 3_000), 0));
        assertArrayEquals(datagram, result());
        assertEquals(1, counters.value(Counter.REASSEMBLED));
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 6})
    void theWholeKeepsEndsAndProtocolAndIsNoFragment(int version) {
        byte[] datagram = datagram(100, 1);
        add(part(version, 1, datagram, 0, 80), 0);
        long srcLo = packet.srcLo();
        long dstLo = packet.dstLo();
        add(part(version, 1, datagram, 80, 100), 0);
        result();
        assertEquals(srcLo, packet.srcLo());
        assertEquals(dstLo, packet.dstLo());
        assertEquals("17 false", packet.protocol() + " " + packet.isFragment());
    }

    @Test
    void ipv6ExtensionsBeforeTheFragmentHeaderAreKeptThoseAfterAreRead() {
        // IPv6(src="fd00::1",dst="2001:db8::5")/IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0\0\0\0")])
        // /IPv6ExtHdrFragment(offset=0,m=1,id=7,nh=60)
        // /(IPv6ExtHdrDestOpt(nh=17,options=[PadN(optdata=b"\0\0\0\0")])), then offset=1,m=0, b"yyyyyyyyyy"
        String fixed = "60000000%s0040fd00000000000000000000000000000120010db8000000000000000000000005"
                + "2c00010400000000";
        add(Hex.memory(fixed.formatted("0018") + "3c00000100000007" + "1100010400000000"), 0);
        assertTrue(add(Hex.memory(fixed.formatted("001a") + "3c00000800000007" + "79797979797979797979"), 0));
        assertEquals("yyyyyyyyyy", new String(result()));
        assertEquals(40 + 8 + 8, packet.headerLength());
    }

    @Test
    void ipv4OptionsOfTheFirstFragmentAreKept() {
        // IP(src="10.0.0.1",dst="1.2.3.4",id=7,flags="MF",proto=17,options=[IPOption_Router_Alert()])/(b"y"*8)
        add(Hex.memory("46000020000720004011b7bb0a0000010102030494040000" + "7979797979797979"), 0);
        assertTrue(add(part(4, 7, datagram(16, 1), 8, 16), 0));
        result();
        assertEquals(24, packet.headerLength());
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void manyDatagramsCutAndMixedAtRandomAllComeOutWhole(long seed) {
        Random random = new Random(seed);
        List<Part> parts = new ArrayList<>();
        byte[][] datagrams = new byte[MAX_DATAGRAMS][];
        for (int id = 0; id < MAX_DATAGRAMS; id++) {
            datagrams[id] = datagram(9 + random.nextInt(random.nextInt(10) == 0 ? 60_000 : 9_000), seed + id);
            cut(random, id, datagrams[id], parts);
        }
        Collections.shuffle(parts, random);
        int complete = 0;
        for (Part part : parts) {
            if (add(part, 0)) {
                complete++;
                assertArrayEquals(datagrams[part.id], result());
            } else if (random.nextInt(4) == 0 && reassembly.inProgress() > 0) {
                assertFalse(add(part, 0), "a duplicate completes nothing");
            }
        }
        reassembly.release();
        assertEquals(MAX_DATAGRAMS + " 0 0", complete + " " + reassembly.inProgress() + " " + slab.usedBytes());
    }

    private static void cut(Random random, int id, byte[] datagram, List<Part> parts) {
        int version = random.nextBoolean() ? 4 : 6;
        int most = datagram.length / 8 / 20 + 1; // at most some 25 parts
        int start = 0;
        while (start < datagram.length) {
            int end = Math.min(datagram.length, start + 8 * (most + random.nextInt(most)));
            end = start == 0 && end == datagram.length ? 8 : end;
            parts.add(part(version, id, datagram, start, end));
            start = end;
        }
    }

    /** What became of fragments of one datagram by the plainest book-keeping: null until whole, empty when lost. */
    private static final class Naive {
        private final Byte[] bytes = new Byte[1_000];
        private int end = -1;
        private int high;
        private boolean lost;

        /** Whether it is complete now. */
        boolean add(Part part) {
            int there = (int) IntStream.range(part.start, part.end).filter(i -> bytes[i] != null).count();
            boolean same = IntStream.range(part.start, part.end)
                    .allMatch(i -> bytes[i] != null && bytes[i] == part.datagram[i]);
            boolean endMoves = !part.more && (end >= 0 && end != part.end || part.end < high);
            boolean beyond = end >= 0 && part.end > end || endMoves;
            lost |= beyond || there > 0 && !same;
            if (lost) {
                return false;
            }
            IntStream.range(part.start, part.end).forEach(i -> bytes[i] = part.datagram[i]);
            high = Math.max(high, part.end);
            end = part.more ? end : part.end;
            return there == 0 && end >= 0 && IntStream.range(0, end).allMatch(i -> bytes[i] != null);
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void overlapsLoseTheDatagramAndDuplicatesDoNot(long seed) {
        Random random = new Random(seed);
        byte[] one = datagram(200, seed);
        byte[] other = datagram(200, seed + 1);
        Naive naive = new Naive();
        for (int step = 0; step < 30; step++) {
            int start = 8 * random.nextInt(12);
            int end = start + 8 * (1 + random.nextInt(4));
            Part part = new Part(4, 1, random.nextInt(20) == 0 ? other : one, start, end, random.nextInt(6) > 0);
            boolean complete = naive.add(part);
            assertEquals(complete, add(part, 0), "step " + step);
            if (complete) {
                return;
            }
        }
        assertEquals(naive.lost, counters.value(Counter.DROP_FRAGMENT_OVERLAP) == 1);
    }

    @Test
    void aDatagramThatOverlappedStaysLost() {
        byte[] datagram = datagram(100, 1);
        add(part(6, 1, datagram, 0, 48), 0);
        add(part(6, 1, datagram, 40, 100), 0);
        assertFalse(add(part(6, 1, datagram, 0, 48), 0));
        assertFalse(add(part(6, 1, datagram, 48, 100), 0));
    }

    @Test
    void aDatagramThatOverlappedOwnsNoMemory() {
        byte[] datagram = datagram(100, 1);
        add(part(4, 1, datagram, 0, 48), 0);
        add(part(4, 1, datagram, 40, 100), 0);
        assertEquals("0 0", slab.usedBytes() + " " + reassembly.usedBytes());
    }

    @Test
    void anExactDuplicateIsTolerated() {
        byte[] datagram = datagram(100, 1);
        add(part(4, 1, datagram, 0, 48), 0);
        add(part(4, 1, datagram, 0, 48), 0);
        assertTrue(add(part(4, 1, datagram, 48, 100), 0));
    }

    @Test
    void aDuplicateWithOtherBytesLosesTheDatagram() {
        byte[] datagram = datagram(100, 1);
        add(part(4, 1, datagram, 0, 48), 0);
        add(part(4, 1, datagram(100, 2), 0, 48), 0);
        assertFalse(add(part(4, 1, datagram, 48, 100), 0));
    }

    @Test
    void datagramsOfOtherEndsOrNumbersOrFamiliesAreApart() {
        byte[] datagram = datagram(100, 1);
        add(part(4, 1, datagram, 0, 48), 0);
        assertFalse(add(part(4, 2, datagram, 48, 100), 0));
        assertFalse(add(part(6, 1, datagram, 48, 100), 0));
        assertEquals(3, reassembly.inProgress());
    }

    @Test
    void aDatagramIsGivenUpAfterItsTime() {
        add(part(4, 1, datagram(100, 1), 0, 48), 5);
        assertEquals(30 * SECOND + 5, reassembly.deadlineNanos());
        assertFalse(reassembly.expire(30 * SECOND + 4));
        assertTrue(reassembly.expire(30 * SECOND + 5));
        assertEquals(1, counters.value(Counter.REASSEMBLY_TIMED_OUT));
    }

    @Test
    void anExpiredDatagramGivesItsMemoryBack() {
        add(part(4, 1, datagram(100, 1), 0, 48), 0);
        while (reassembly.expire(30 * SECOND)) {
            assertTrue(reassembly.length() > 0);
        }
        assertEquals(0, slab.usedBytes());
        assertEquals(Long.MAX_VALUE, reassembly.deadlineNanos());
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 6})
    void anExpiredDatagramShowsItsFirstFragmentAsItCame(int version) {
        byte[] datagram = datagram(10_000, 1);
        MemorySegment first = part(version, 1, datagram, 0, 48).packet(ip);
        add(part(version, 1, datagram, 5_000, 5_048), 0);
        add(first, 0);
        reassembly.expire(30 * SECOND);
        assertEquals(Hex.text(first, 0, first.byteSize()),
                Hex.text(reassembly.memory(), reassembly.offset(), reassembly.length()));
    }

    @Test
    void anExpiredDatagramWithoutItsFirstFragmentShowsNone() {
        add(part(4, 1, datagram(100, 1), 48, 96), 0);
        reassembly.expire(30 * SECOND);
        assertEquals(0, reassembly.length());
    }

    @Test
    void theOldestMakesPlaceWhenThereAreTooMany() {
        byte[] datagram = datagram(100, 1);
        for (int id = 0; id <= MAX_DATAGRAMS; id++) {
            add(part(4, id, datagram, 0, 48), id);
        }
        assertEquals(1, counters.value(Counter.REASSEMBLY_EVICTED));
        assertTrue(add(part(4, 1, datagram, 48, 100), 100), "the second oldest is still there");
    }

    @Test
    void theOldestMakesPlaceWhenTheMemoryIsUsedUp() {
        Reassembly small = new Reassembly(slab, MAX_DATAGRAMS, 16 << 10, 30 * SECOND, counters);
        byte[] datagram = datagram(100, 1);
        for (int id = 0; id < 5; id++) {
            MemorySegment fragment = part(4, id, datagram, 0, 48).packet(ip);
            packet.parse(fragment, 0, (int) fragment.byteSize());
            small.add(packet, id);
        }
        assertEquals("4 16384", small.inProgress() + " " + small.usedBytes());
    }

    @Test
    void aSlabWithoutRoomLosesTheDatagramAndNothingElse() {
        while (slab.allocate(4 << 10) >= 0) {
            // until nothing is left
        }
        byte[] datagram = datagram(100, 1);
        add(part(4, 1, datagram, 0, 48), 0);
        assertFalse(add(part(4, 1, datagram, 48, 100), 0));
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 6})
    void theLongestDatagramComesOutWhole(int version) {
        byte[] datagram = datagram(version == 4 ? 65_515 : 65_535, 1);
        add(part(version, 1, datagram, 32_768, datagram.length), 0);
        assertTrue(add(part(version, 1, datagram, 0, 32_768), 0));
        assertArrayEquals(datagram, result());
    }

    @Test
    void anIpv4DatagramLongerThanIpCanSayIsDropped() {
        byte[] datagram = datagram(65_516, 1);
        add(part(4, 1, datagram, 32_768, datagram.length), 0);
        assertFalse(add(part(4, 1, datagram, 0, 32_768), 0));
    }

    @Test
    void aFragmentThatIsNoMultipleOfEightIsDropped() {
        add(new Part(4, 1, datagram(100, 1), 0, 47, true), 0);
        assertEquals("0 1", reassembly.inProgress() + " " + counters.value(Counter.DROP_FRAGMENT));
    }

    @Test
    void aFragmentWithoutBytesIsDropped() {
        add(new Part(4, 1, datagram(100, 1), 8, 8, false), 0);
        assertEquals("0 1", reassembly.inProgress() + " " + counters.value(Counter.DROP_FRAGMENT));
    }

    @Test
    void aFragmentBeyondTheLongestDatagramIsDropped() {
        add(new Part(6, 1, datagram(65_600, 1), 65_528, 65_536, true), 0);
        assertEquals("0 1", reassembly.inProgress() + " " + counters.value(Counter.DROP_FRAGMENT));
    }

    @Test
    void fragmentsOfFragmentsAreRefused() {
        // two fragments whose contents begin with a fragment header of their own (next header 44)
        String fixed = "60000000%s2c40fd00000000000000000000000000000120010db8000000000000000000000005";
        add(Hex.memory(fixed.formatted("0010") + "2c00000100000007" + "1100000100000008"), 0);
        assertTrue(add(Hex.memory(fixed.formatted("0010") + "2c00000800000007" + "7979797979797979"), 0));
        assertEquals(IpPacket.BAD_EXTENSIONS, reassembly.parse(packet));
    }

    @Test
    void clearGivesAllMemoryBack() {
        add(part(4, 1, datagram(100, 1), 0, 48), 0);
        add(part(6, 1, datagram(100, 1), 0, 48), 0);
        reassembly.clear();
        assertEquals("0 0 0", slab.usedBytes() + " " + reassembly.usedBytes() + " " + reassembly.inProgress());
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void hostileFragmentsNeverThrowNorUseMoreThanTheBound(long seed) {
        Random random = new Random(seed);
        byte[] noise = datagram(65_600, seed);
        for (int i = 0; i < 1_000; i++) {
            int start = 8 * random.nextInt(random.nextBoolean() ? 8_192 : 100);
            int end = Math.min(start + random.nextInt(3_000), noise.length);
            Part part = new Part(random.nextBoolean() ? 4 : 6, random.nextInt(20), noise, start, end,
                    random.nextInt(5) > 0);
            MemorySegment fragment = part.packet(ip);
            if (random.nextInt(3) == 0) {
                Bytes.putU8(fragment, random.nextLong(fragment.byteSize()), random.nextInt());
            }
            if (packet.parse(fragment, 0, (int) fragment.byteSize()) == IpPacket.OK && packet.isFragment()
                    && reassembly.add(packet, i * SECOND / 10)) {
                reassembly.parse(packet);
            }
            assertTrue(reassembly.usedBytes() <= MAX_BYTES && reassembly.inProgress() <= MAX_DATAGRAMS);
            while (random.nextInt(50) == 0 && reassembly.expire(i * SECOND / 10)) {
                packet.parse(reassembly.memory(), reassembly.offset(), reassembly.length());
            }
        }
        reassembly.clear();
        assertEquals("0 0", slab.usedBytes() + " " + reassembly.usedBytes());
    }

    @Test
    void puttingTogetherAllocatesNothing() {
        byte[] datagram = datagram(3_000, 1);
        MemorySegment first = part(6, 1, datagram, 0, 1_448).packet(ip);
        MemorySegment second = part(6, 1, datagram, 1_448, 3_000).packet(ip);
        assertEquals(0, HeapAllocation.leastOf(20, () -> {
            for (int i = 0; i < 50_000; i++) {
                packet.parse(first, 0, 48 + 1_448);
                reassembly.add(packet, i);
                packet.parse(second, 0, 48 + 1_552);
                reassembly.add(packet, i);
                reassembly.parse(packet);
            }
        }));
    }
}
