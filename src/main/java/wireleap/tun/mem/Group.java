package wireleap.tun.mem;

/** What a {@link Counter} or a {@link Gauge} is about: the members of {@code GET /stats}, in this order. */
public enum Group {
    /** Of the TUN. */
    PACKETS("packets"),
    /** Of the TUN's packets, and of TCP's streams. */
    BYTES("bytes"),
    /** Packets, or bytes where the name says so, that went no further, by the first reason found. */
    DROPS("drops"),
    /** Of IP, put together again. */
    FRAGMENTS("fragments"),
    /** TCP flows by state, and their ends. */
    FLOWS("flows"),
    /** TCP segments sent again, by cause. */
    RETRANSMISSIONS("retransmissions"),
    /** What TCP does besides. */
    TCP("tcp"),
    /** Received, and sent by cause. */
    RESETS("resets"),
    /** UDP sessions: one for each client address and port. */
    SESSIONS("sessions"),
    /** Of UDP. */
    DATAGRAMS("datagrams"),
    /** Queries to port 53 that go another way than their packets say. */
    DNS("dns"),
    /** Messages of ICMP. */
    ICMP("icmp"),
    /** What the upstream was asked for. */
    UPSTREAM("upstream"),
    /** Dials that came to nothing, by cause. */
    REFUSALS("refusals"),
    /** The memory for bytes in flight. */
    SLAB("slab"),
    /** The loop itself. */
    LOOP("loop");

    private final String title;

    Group(String title) {
        this.title = title;
    }

    /** Its name in {@code GET /stats}. */
    public String title() {
        return title;
    }
}
