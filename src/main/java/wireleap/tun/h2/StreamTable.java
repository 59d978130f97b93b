package wireleap.tun.h2;

/** The streams of a connection by their numbers: open addressing, so that looking one up allocates nothing. */
final class StreamTable {
    private static final int FIRST_SLOTS = 64;
    /** Numbers are odd and grow by two (RFC 9113 section 5.1.1): a multiplicative hash spreads them. */
    private static final int SPREAD = 0x9e37_79b1;

    private H2Stream[] slots = new H2Stream[FIRST_SLOTS];
    private int size;

    /** The stream of this number, or null: there is none (deviates from the rule about null, as every table does). */
    H2Stream find(int id) {
        int mask = slots.length - 1;
        int i = slot(id);
        while (slots[i] != null && slots[i].id != id) {
            i = i + 1 & mask;
        }
        return slots[i];
    }

    void add(H2Stream stream) {
        if (2 * (size + 1) > slots.length) {
            grow();
        }
        insert(stream);
        size++;
    }

    void remove(H2Stream stream) {
        int mask = slots.length - 1;
        int hole = slot(stream.id);
        while (slots[hole] != stream) {
            hole = hole + 1 & mask;
        }
        for (int i = hole + 1 & mask; slots[i] != null; i = i + 1 & mask) {
            int home = slot(slots[i].id);
            if ((i - home & mask) >= (i - hole & mask)) { // it may be found from the hole too
                slots[hole] = slots[i];
                hole = i;
            }
        }
        slots[hole] = null;
        size--;
    }

    int size() {
        return size;
    }

    /** One of them with a number above this one, or null: there is none. */
    H2Stream above(int id) {
        for (H2Stream stream : slots) {
            if (stream != null && stream.id > id) {
                return stream;
            }
        }
        return null;
    }

    /** How many slots {@link #at} knows; some are empty. */
    int slots() {
        return slots.length;
    }

    /** The stream in a slot, or null. */
    H2Stream at(int slot) {
        return slots[slot];
    }

    private int slot(int id) {
        return (id * SPREAD >>> 16) & slots.length - 1;
    }

    private void insert(H2Stream stream) {
        int mask = slots.length - 1;
        int i = slot(stream.id);
        while (slots[i] != null) {
            i = i + 1 & mask;
        }
        slots[i] = stream;
    }

    private void grow() {
        H2Stream[] old = slots;
        slots = new H2Stream[2 * old.length];
        for (H2Stream stream : old) {
            if (stream != null) {
                insert(stream);
            }
        }
    }
}
