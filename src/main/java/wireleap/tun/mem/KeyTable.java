package wireleap.tun.mem;

/**
 * Objects by a key of five longs: open addressing with linear probing, a keyed hash that nobody outside can make
 * collide, deletion by shifting back, so that there are no tombstones. Grows by doubling up to its limit and is never
 * more than half full. Nothing is allocated but when it grows. Run by the loop's thread alone.
 *
 * @param <E> the kind of object
 */
public final class KeyTable<E extends KeyTable.Entry> {
    private static final int SMALLEST = 1 << 6;

    private final SipHash sipHash;
    private final int limit;
    /** The hash of the entry at the same index; 0: free. */
    private int[] hashes = new int[SMALLEST];
    private Entry[] entries = new Entry[SMALLEST];
    private int size;

    /** What can be in a table, in one at a time. */
    public abstract static class Entry {
        private long key0;
        private long key1;
        private long key2;
        private long key3;
        private long key4;
        /** Of the key; 0: in no table. */
        private int hash;

        /** Sets the key, while in no table. */
        protected final void key(long key0, long key1, long key2, long key3, long key4) {
            if (hash != 0) {
                throw new AssertionError("the key of an entry that is in a table must not change");
            }
            this.key0 = key0;
            this.key1 = key1;
            this.key2 = key2;
            this.key3 = key3;
            this.key4 = key4;
        }

        /** The key's first part. */
        protected final long key0() {
            return key0;
        }

        /** The key's second part. */
        protected final long key1() {
            return key1;
        }

        /** The key's third part. */
        protected final long key2() {
            return key2;
        }

        /** The key's fourth part. */
        protected final long key3() {
            return key3;
        }

        /** The key's fifth part. */
        protected final long key4() {
            return key4;
        }
    }

    /**
     * An empty table.
     *
     * @param limit entries that it takes, 1..2^20
     * @param sipHash under a secret key
     */
    public KeyTable(int limit, SipHash sipHash) {
        this.limit = limit;
        this.sipHash = sipHash;
    }

    /** The entry with this key, or null (deviates from the rule about null, as every map does). */
    @SuppressWarnings("unchecked") // only add() fills the array
    public E find(long key0, long key1, long key2, long key3, long key4) {
        int hash = hash(key0, key1, key2, key3, key4);
        int mask = hashes.length - 1;
        for (int i = hash & mask; hashes[i] != 0; i = i + 1 & mask) {
            Entry entry = entries[i];
            if (hashes[i] == hash && entry.key4 == key4 && entry.key1 == key1 && entry.key3 == key3
                    && entry.key0 == key0 && entry.key2 == key2) {
                return (E) entry;
            }
        }
        return null;
    }

    /** Adds an entry whose key is set and is not in the table; not to be called when {@link #isFull}. */
    public void add(E entry) {
        if (isFull()) {
            throw new AssertionError("the table holds " + size + " entries, its limit");
        }
        if (size + 1 > hashes.length >> 1) {
            grow();
        }
        Entry added = entry;
        added.hash = hash(added.key0, added.key1, added.key2, added.key3, added.key4);
        place(added);
        size++;
    }

    /** Takes an entry out, if it is in. */
    public void remove(E entry) {
        Entry removed = entry;
        if (removed.hash == 0) {
            return;
        }
        int mask = hashes.length - 1;
        int hole = removed.hash & mask;
        while (entries[hole] != removed) {
            hole = hole + 1 & mask;
        }
        for (int i = hole + 1 & mask; hashes[i] != 0; i = i + 1 & mask) {
            int home = hashes[i] & mask;
            // an entry whose home lies, cyclically, at or before the hole goes there
            if ((i - home & mask) >= (i - hole & mask)) {
                hashes[hole] = hashes[i];
                entries[hole] = entries[i];
                hole = i;
            }
        }
        hashes[hole] = 0;
        entries[hole] = null;
        removed.hash = 0;
        size--;
    }

    /** Whether nothing more may be added. */
    public boolean isFull() {
        return size >= limit;
    }

    /** Entries that are in. */
    public int size() {
        return size;
    }

    /** How many places there are: more once it has grown. */
    public int slots() {
        return entries.length;
    }

    /** What is at a place, 0..{@link #slots}-1, or null: nothing. Removing an entry moves others downwards, cyclically. */
    @SuppressWarnings("unchecked") // only add() fills the array
    public E at(int slot) {
        return (E) entries[slot];
    }

    private int hash(long key0, long key1, long key2, long key3, long key4) {
        int hash = (int) sipHash.begin().add(key0).add(key1).add(key2).add(key3).add(key4).end();
        return hash == 0 ? 1 : hash;
    }

    private void grow() {
        Entry[] old = entries;
        hashes = new int[old.length << 1];
        entries = new Entry[old.length << 1];
        for (Entry entry : old) {
            if (entry != null) {
                place(entry);
            }
        }
    }

    private void place(Entry entry) {
        int mask = hashes.length - 1;
        int i = entry.hash & mask;
        while (hashes[i] != 0) {
            i = i + 1 & mask;
        }
        hashes[i] = entry.hash;
        entries[i] = entry;
    }
}
