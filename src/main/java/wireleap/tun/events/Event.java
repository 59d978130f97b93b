package wireleap.tun.events;

import java.util.List;
import wireleap.tun.policy.IpPrefix;

/** Something that has happened to the daemon. Immutable. */
public sealed interface Event {
    /**
     * The daemon is in another state of its life.
     *
     * @param from the state before, as GET /state names it: activating, active, deactivating or failed
     * @param to the state now, likewise
     * @param why in a few words; empty where the states say it all
     */
    record StateChanged(String from, String to, String why) implements Event {
    }

    /**
     * The bypass list is another one, and the kernel has acknowledged it.
     *
     * @param version the new list's ETag
     * @param who asked for it
     * @param added entries that are new, in the list's order
     * @param removed entries that are gone, in the order of the list before
     */
    record BypassChanged(String version, String who, List<IpPrefix> added, List<IpPrefix> removed) implements Event {
        public BypassChanged {
            added = List.copyOf(added);
            removed = List.copyOf(removed);
        }

        @Override
        public int weight() {
            return 1 + added.size() + removed.size();
        }
    }

    /**
     * Something of ours that someone else had deleted, changed or shadowed was found, and what came of it.
     *
     * @param what is concerned, in the words of ip(8) where it has them
     * @param detail what was wrong and what was done
     */
    record Repaired(String what, String detail) implements Event {
    }

    /**
     * The upstream can be reached, or can no longer.
     *
     * @param status as GET /state names it
     * @param why it cannot be reached; empty where nothing is known of that
     */
    record UpstreamChanged(String status, String why) implements Event {
    }

    /** What it costs to keep, in list entries and the like, 1 or more. */
    default int weight() {
        return 1;
    }
}
