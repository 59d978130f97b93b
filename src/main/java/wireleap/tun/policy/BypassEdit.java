package wireleap.tun.policy;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A change of the bypass list, as one of the API's methods asks for it. Immutable. */
public sealed interface BypassEdit {
    /** Appends entries; those already there stay where they are (POST /bypass). */
    record Add(List<IpPrefix> entries) implements BypassEdit {
        public Add {
            entries = List.copyOf(entries);
        }

        @Override
        public BypassSet applyTo(BypassSet current) throws TooManyEntriesException {
            return changed(current, new Patch(entries, List.of()));
        }
    }

    /** Makes these, in this order, the whole list (PUT /bypass). */
    record Replace(List<IpPrefix> entries) implements BypassEdit {
        public Replace {
            entries = List.copyOf(entries);
        }

        @Override
        public BypassSet applyTo(BypassSet current) throws TooManyEntriesException {
            BypassSet next = BypassSet.of(entries);
            return next.equals(current) ? current : next;
        }
    }

    /**
     * Removes some entries, absent ones silently, and appends others, in one step (PATCH /bypass). An entry in both
     * is an {@link EntryInBothException} at construction.
     */
    record Patch(List<IpPrefix> add, List<IpPrefix> remove) implements BypassEdit {
        public Patch {
            add = List.copyOf(add);
            remove = List.copyOf(remove);
            Set<IpPrefix> removed = new HashSet<>(remove);
            add.stream().filter(removed::contains).findFirst().ifPresent(both -> {
                throw new EntryInBothException(both);
            });
        }

        @Override
        public BypassSet applyTo(BypassSet current) throws TooManyEntriesException {
            return changed(current, this);
        }
    }

    /** Removes one entry (DELETE /bypass/{entry}). */
    record Remove(IpPrefix entry) implements BypassEdit {
        @Override
        public BypassSet applyTo(BypassSet current) throws AbsentEntryException, TooManyEntriesException {
            if (!current.lists(entry)) {
                throw new AbsentEntryException(entry);
            }
            return changed(current, new Patch(List.of(), List.of(entry)));
        }
    }

    /** Removes all entries (DELETE /bypass). */
    record Clear() implements BypassEdit {
        @Override
        public BypassSet applyTo(BypassSet current) {
            return BypassSet.EMPTY;
        }
    }

    /**
     * The list after this edit; the very same object when nothing changes.
     *
     * @throws AbsentEntryException if the entry to remove is not listed
     * @throws TooManyEntriesException if the list would exceed {@link BypassSet#MAX_ENTRIES}
     */
    BypassSet applyTo(BypassSet current) throws AbsentEntryException, TooManyEntriesException;

    private static BypassSet changed(BypassSet current, Patch patch) throws TooManyEntriesException {
        Set<IpPrefix> removed = new HashSet<>(patch.remove());
        List<IpPrefix> next = new ArrayList<>(current.size() + patch.add().size());
        current.entries().stream().filter(entry -> !removed.contains(entry)).forEach(next::add);
        next.addAll(patch.add());
        BypassSet set = BypassSet.of(next);
        return set.equals(current) ? current : set;
    }
}
