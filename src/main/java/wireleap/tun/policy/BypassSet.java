package wireleap.tun.policy;

import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * The bypass list: entries in the order of insertion, each once, never merged. Immutable; any thread.
 *
 * <p>Looking up costs one probe of a hash table for each prefix length that occurs, and allocates nothing.
 */
public final class BypassSet {
    /** The most entries that a list may have. */
    public static final int MAX_ENTRIES = 65_536;
    /** The empty list. */
    public static final BypassSet EMPTY = new BypassSet(new IpPrefix[0]);

    private final List<IpPrefix> entries;
    private final IpPrefix[] slots;   // the entries again, hashed; open addressing, a power of two, at most half full
    private final int[] ipv4Lengths;  // the lengths that occur, in mapped form
    private final int[] ipv6Lengths;

    private BypassSet(IpPrefix[] candidates) {
        slots = new IpPrefix[4 * Integer.highestOneBit(candidates.length | 1)];
        IpPrefix[] kept = new IpPrefix[candidates.length];
        int size = 0;
        for (IpPrefix candidate : candidates) {
            int slot = slotOf(candidate.hi(), candidate.lo(), candidate.length());
            if (slots[slot] == null) {
                slots[slot] = candidate;
                kept[size++] = candidate;
            }
        }
        entries = List.of(Arrays.copyOf(kept, size));
        ipv4Lengths = lengths(true);
        ipv6Lengths = lengths(false);
    }

    private int[] lengths(boolean ipv4) {
        return entries.stream().filter(e -> e.isIpv4() == ipv4).mapToInt(IpPrefix::length).distinct().toArray();
    }

    /**
     * The list of these entries, duplicates at their first position only.
     *
     * @throws TooManyEntriesException if more than {@link #MAX_ENTRIES} different ones are left
     */
    public static BypassSet of(Collection<IpPrefix> entries) throws TooManyEntriesException {
        IpPrefix[] candidates = entries.toArray(IpPrefix[]::new);
        BypassSet set = candidates.length == 0 ? EMPTY : new BypassSet(candidates);
        if (set.size() > MAX_ENTRIES) {
            throw new TooManyEntriesException(set.size());
        }
        return set;
    }

    /** The entries in the order of insertion; unmodifiable. */
    public List<IpPrefix> entries() {
        return entries;
    }

    /** How many entries there are, 0..{@link #MAX_ENTRIES}. */
    public int size() {
        return entries.size();
    }

    /** Whether this very entry is listed; 10.1.0.0/16 is not because 10.0.0.0/8 is. */
    public boolean lists(IpPrefix entry) {
        return slots[slotOf(entry.hi(), entry.lo(), entry.length())] != null;
    }

    /** Whether an address is bypassed: listed itself or within a listed network of its family. */
    public boolean contains(long hi, long lo) {
        for (int length : IpPrefix.isMapped(hi, lo) ? ipv4Lengths : ipv6Lengths) {
            if (slots[slotOf(hi & IpPrefix.maskHi(length), lo & IpPrefix.maskLo(length), length)] != null) {
                return true;
            }
        }
        return false;
    }

    /** The entry that an address is bypassed by: listed itself, or the narrowest listed network that it is in. */
    public Optional<IpPrefix> entryFor(long hi, long lo) {
        return Arrays.stream(IpPrefix.isMapped(hi, lo) ? ipv4Lengths : ipv6Lengths)
                .mapToObj(length -> slots[slotOf(hi & IpPrefix.maskHi(length), lo & IpPrefix.maskLo(length), length)])
                .filter(Objects::nonNull).max(Comparator.comparingInt(IpPrefix::length));
    }

    /** What this list has and the other has not, in this list's order. */
    public BypassSet minus(BypassSet other) {
        IpPrefix[] left = entries.stream().filter(entry -> !other.lists(entry)).toArray(IpPrefix[]::new);
        return left.length == 0 ? EMPTY : left.length == size() ? this : new BypassSet(left);
    }

    /** Equal when the same entries stand in the same order. */
    @Override
    public boolean equals(Object other) {
        return this == other || other instanceof BypassSet set && entries.equals(set.entries);
    }

    @Override
    public int hashCode() {
        return entries.hashCode();
    }

    @Override
    public String toString() {
        return entries.toString();
    }

    /** Where this entry stands in the slots, or the free slot where it would. */
    private int slotOf(long hi, long lo, int length) {
        long mixed = (hi * 31 + lo + length) * 0x9e37_79b9_7f4a_7c15L;
        int slot = (int) (mixed >>> 32) & slots.length - 1;
        while (slots[slot] != null && !isAt(slot, hi, lo, length)) {
            slot = slot + 1 & slots.length - 1;
        }
        return slot;
    }

    private boolean isAt(int slot, long hi, long lo, int length) {
        return slots[slot].lo() == lo && slots[slot].hi() == hi && slots[slot].length() == length;
    }
}
