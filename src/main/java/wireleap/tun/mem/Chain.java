package wireleap.tun.mem;

/**
 * Objects in the order in which they were added: a doubly linked list whose links belong to the objects, so that
 * adding and removing allocate nothing and take no search. Run by the loop's thread alone.
 *
 * @param <T> whose links they are
 */
public final class Chain<T> {
    private Link<T> oldest;
    private Link<T> youngest;
    private int size;

    /**
     * An object's place in one chain at a time; an object that is to be in two has two.
     *
     * @param <T> whose link it is
     */
    public static final class Link<T> {
        private final T owner;
        private Link<T> older;
        private Link<T> younger;
        private Chain<T> chain;

        /** A link in no chain. */
        public Link(T owner) {
            this.owner = owner;
        }

        /** Whether it is in this chain. */
        public boolean isIn(Chain<T> chain) {
            return this.chain == chain;
        }

        /** Takes it out of the chain that it is in, if any. */
        public void leave() {
            if (chain != null) {
                chain.remove(this);
            }
        }

        /** The owner of the next younger link, or null (as {@link Chain#oldest}). */
        public T younger() {
            return younger == null ? null : younger.owner;
        }
    }

    /** Adds a link as the youngest, after taking it out of where it was. */
    public void add(Link<T> link) {
        link.leave();
        link.chain = this;
        link.older = youngest;
        if (youngest == null) {
            oldest = link;
        } else {
            youngest.younger = link;
        }
        youngest = link;
        size++;
    }

    private void remove(Link<T> link) {
        if (link.older == null) {
            oldest = link.younger;
        } else {
            link.older.younger = link.younger;
        }
        if (link.younger == null) {
            youngest = link.older;
        } else {
            link.younger.older = link.older;
        }
        link.older = null;
        link.younger = null;
        link.chain = null;
        size--;
    }

    /** The one that was added first, or null: none (deviates from the rule about null, as every queue does). */
    public T oldest() {
        return oldest == null ? null : oldest.owner;
    }

    /** How many there are. */
    public int size() {
        return size;
    }
}
