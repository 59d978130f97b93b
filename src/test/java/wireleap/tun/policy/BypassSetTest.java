package wireleap.tun.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BypassSetTest {
    @Test
    void entriesStandInTheOrderOfInsertionOnceAtTheirFirstPosition() throws Exception {
        assertEquals("[10.0.0.2, ::1, 10.0.0.1]",
                set("10.0.0.2", "::1", "10.0.0.2/32", "10.0.0.1", "::ffff:10.0.0.2", "0::1").toString());
    }

    @Test
    void entriesAreNeverMerged() throws Exception {
        assertEquals("[10.0.0.0/8, 10.1.0.0/16, 10.1.0.1]", set("10.0.0.0/8", "10.1.0.0/16", "10.1.0.1").toString());
    }

    @Test
    void listsOnlyTheVeryEntry() throws Exception {
        BypassSet set = set("10.0.0.0/8");
        assertTrue(set.lists(IpPrefix.parse("10.0.0.0/8")));
        assertFalse(set.lists(IpPrefix.parse("10.0.0.0/9")));
        assertFalse(set.lists(IpPrefix.parse("10.0.0.0")));
    }

    @Test
    void containsWhatIsWithinANetworkOfItsFamily() throws Exception {
        BypassSet set = set("10.0.0.0/8", "::/1", "192.0.2.1");
        assertTrue(contains(set, "10.255.255.255"));
        assertTrue(contains(set, "192.0.2.1"));
        assertFalse(contains(set, "192.0.2.2"));
        assertTrue(contains(set, "2001:db8::1"));
        assertFalse(contains(set, "fd00::1"));
        assertFalse(contains(BypassSet.EMPTY, "10.0.0.1"));
    }

    @Test
    void containsAgreesWithAskingEachEntry() throws Exception {
        long seed = 7;
        Random random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            List<IpPrefix> entries = Stream.generate(() -> randomPrefix(random)).limit(1 + random.nextInt(20)).toList();
            BypassSet set = BypassSet.of(entries);
            for (int i = 0; i < 100; i++) {
                long hi = random.nextInt(3) == 0 ? 0x2001_0db8_0000_0000L + random.nextInt(4) : 0;
                long lo = hi == 0 ? 0xffff_0a00_0000L + random.nextInt(64) : random.nextInt(64);
                assertEquals(entries.stream().anyMatch(e -> e.contains(hi, lo)), set.contains(hi, lo),
                        () -> "seed " + seed + " " + entries);
            }
        }
    }

    @Test
    void minusKeepsWhatTheOtherLacksInOrder() throws Exception {
        assertEquals("[3.0.0.0, 1.0.0.0]", set("3.0.0.0", "2.0.0.0", "1.0.0.0").minus(set("2.0.0.0")).toString());
        assertEquals(BypassSet.EMPTY, set("1.0.0.0").minus(set("1.0.0.0", "2.0.0.0")));
    }

    @Test
    void orderIsPartOfEquality() throws Exception {
        assertEquals(set("1.0.0.0", "2.0.0.0"), set("1.0.0.0", "2.0.0.0", "1.0.0.0"));
        assertNotEquals(set("1.0.0.0", "2.0.0.0"), set("2.0.0.0", "1.0.0.0"));
    }

    @Test
    void exactly65536DifferentEntriesAreTheMost() throws Exception {
        assertEquals(65_536, BypassSet.of(many(65_536)).size());
        List<IpPrefix> twice = Stream.concat(many(65_536).stream(), many(65_536).stream()).toList();
        assertEquals(65_536, BypassSet.of(twice).size());
        assertThrows(TooManyEntriesException.class, () -> BypassSet.of(many(65_537)));
    }

    @Test
    void fullListsAreEditedFast() throws Exception {
        List<IpPrefix> all = many(BypassSet.MAX_ENTRIES);
        long bestNanos = Long.MAX_VALUE;
        for (int i = 0; i < 10; i++) {
            long start = System.nanoTime();
            BypassSet full = new BypassEdit.Add(all).applyTo(BypassSet.EMPTY);
            full = new BypassEdit.Replace(all.reversed()).applyTo(full);
            BypassSet empty = new BypassEdit.Patch(List.of(), all).applyTo(full);
            bestNanos = Math.min(bestNanos, System.nanoTime() - start);
            assertEquals(0, empty.size());
        }
        System.out.println("65,536 entries added, replaced, removed: " + bestNanos / 1000 + " us in all");
        assertTrue(bestNanos < 500_000_000, bestNanos + " ns");
    }

    private static List<IpPrefix> many(int count) {
        return IntStream.range(0, count).mapToObj(i -> IpPrefix.ipv4(0x0a00_0000 + i * 3, 32)).toList();
    }

    private static IpPrefix randomPrefix(Random random) {
        boolean ipv4 = random.nextInt(3) != 0;
        int length = 120 + random.nextInt(9);
        long low = (long) random.nextInt(64) & -1L << 128 - length;
        return ipv4 ? new IpPrefix(0, 0xffff_0a00_0000L + low, length)
                : new IpPrefix(0x2001_0db8_0000_0000L + random.nextInt(4), low, length);
    }

    static BypassSet set(String... entries) throws TooManyEntriesException {
        return BypassSet.of(Stream.of(entries).map(IpPrefix::parse).toList());
    }

    private static boolean contains(BypassSet set, String address) {
        IpPrefix prefix = IpPrefix.parse(address);
        return set.contains(prefix.hi(), prefix.lo());
    }
}
