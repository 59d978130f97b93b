package wireleap.tun.mem;

/** What a loop has at the end of its last turn. Each stands in {@code GET /stats} as a {@link Counter} does. */
public enum Gauge {
    /** Datagrams of which some fragments have come. */
    FRAGMENTS_INCOMPLETE(Group.FRAGMENTS, "incomplete"),
    /** TCP flows whose target or whose client has not answered yet. */
    FLOWS_HALF_OPEN(Group.FLOWS, "halfOpen"),
    /** TCP flows in use, half-closed ones included. */
    FLOWS_ESTABLISHED(Group.FLOWS, "established"),
    /** TCP flows closed both ways, kept for what may still come. */
    FLOWS_TIME_WAIT(Group.FLOWS, "timeWait"),
    /** TCP flows whose client is gone, their last bytes on their way upstream. */
    FLOWS_DRAINING(Group.FLOWS, "draining"),
    /** UDP sessions. */
    SESSIONS_OPEN(Group.SESSIONS, "open"),
    /** DNS queries carried over TCP that wait for their answers. */
    DNS_OUTSTANDING(Group.DNS, "outstanding"),
    /** Streams and UDP associations that the upstream has not answered yet. */
    UPSTREAM_DIALLING(Group.UPSTREAM, "dialling"),
    /** Connections to a broker (h2c), those included that are being made. */
    UPSTREAM_CONNECTIONS(Group.UPSTREAM, "connections"),
    /** Bytes handed out. */
    SLAB_USED(Group.SLAB, "usedBytes"),
    /** The most bytes that were ever handed out at once. */
    SLAB_PEAK(Group.SLAB, "peakBytes"),
    /** Bytes that can be handed out in all. */
    SLAB_CAPACITY(Group.SLAB, "capacityBytes"),
    /** How often there was no room. */
    SLAB_REFUSALS(Group.SLAB, "refusals");

    private final Group group;
    private final String title;

    Gauge(Group group, String title) {
        this.group = group;
        this.title = title;
    }

    /** What it is shown with. */
    public Group group() {
        return group;
    }

    /** Its name in the group, camelCase. */
    public String title() {
        return title;
    }
}
