package wireleap.tun.mem;

/** What a loop counts. DROP_* are packets from the TUN that went no further, by the first reason found. */
public enum Counter {
    /** Packets read from the TUN, super-segments counting once. */
    PACKETS_IN,
    /** Bytes of those packets, virtio headers not included. */
    BYTES_IN,
    /** Packets handed to the TUN, super-segments counting once. */
    PACKETS_OUT,
    /** Bytes of those packets, virtio headers not included. */
    BYTES_OUT,
    /** Packets for the TUN for which the kernel had no room. */
    DROP_DEVICE_FULL,
    /** Packets that the TUN refused: it is down, or they are malformed. */
    DROP_DEVICE_REFUSED,
    /** Packets, events and turns that ended in an exception: bugs of ours, each logged once; the others go on. */
    INTERNAL_ERRORS,

    /** Shorter than its own lengths say, or than any header. */
    DROP_TRUNCATED,
    /** Neither IPv4 nor IPv6. */
    DROP_IP_VERSION,
    /** A header or total length that cannot be. */
    DROP_IP_LENGTH,
    /** The IPv4 header's checksum is wrong. */
    DROP_IP_CHECKSUM,
    /** Malformed IPv4 options, or a source route that is not used up (RFC 7126 section 4.3). */
    DROP_IP_OPTIONS,
    /** IPv6 extension headers malformed, too many or in an order that must not be. */
    DROP_IP_EXTENSIONS,
    /** A length of zero that means a jumbogram (RFC 2675) or an over-long super-segment. */
    DROP_JUMBOGRAM,
    /** A source address that must not be one: multicast, unspecified, loopback, mapped. */
    DROP_IP_SOURCE,
    /** A destination address that must not come here: unspecified, loopback, mapped. */
    DROP_IP_DESTINATION,
    /** Multicast or broadcast, which is not carried. */
    DROP_MULTICAST,
    /** A transport protocol that is not carried. */
    DROP_PROTOCOL,

    /** Fragments that could not be kept: malformed, beyond 65,535, no memory. */
    DROP_FRAGMENT,
    /** Datagrams given up because fragments overlap (RFC 5722). */
    DROP_FRAGMENT_OVERLAP,
    /** Datagrams given up, incomplete, after the time allowed. */
    REASSEMBLY_TIMED_OUT,
    /** Incomplete datagrams that made place for younger ones. */
    REASSEMBLY_EVICTED,
    /** Datagrams put together from fragments. */
    REASSEMBLED,

    /** TCP header malformed. */
    DROP_TCP_HEADER,
    /** TCP checksum wrong. */
    DROP_TCP_CHECKSUM,
    /** Segments outside the window (RFC 9293 section 3.10.7.4), acknowledged. */
    DROP_TCP_SEQUENCE,
    /** Segments that acknowledge what was never sent, or long ago. */
    DROP_TCP_ACK,
    /** Old duplicates by their timestamp (PAWS, RFC 7323 section 5), acknowledged. */
    DROP_TCP_PAWS,
    /** Bytes of payload beyond the window or the FIN. */
    DROP_TCP_BYTES_BEYOND_WINDOW,
    /** Bytes of payload in order that could be kept nowhere; they will come again. */
    DROP_TCP_BYTES_REFUSED,
    /** Segments out of order that could be kept nowhere; they will come again. */
    DROP_TCP_OUT_OF_ORDER,
    /** UDP header malformed. */
    DROP_UDP_HEADER,
    /** UDP checksum wrong, or absent in IPv6. */
    DROP_UDP_CHECKSUM,
    /** ICMP header malformed. */
    DROP_ICMP_HEADER,
    /** ICMP checksum wrong. */
    DROP_ICMP_CHECKSUM,

    /** TCP segments sent again after duplicate ACKs or SACK, super-segments counting once. */
    TCP_RETRANSMIT_FAST,
    /** TCP segments sent again after a timeout, super-segments counting once. */
    TCP_RETRANSMIT_TIMEOUT,
    /** SYNs and their answers sent again. */
    TCP_RETRANSMIT_SYN,
    /** Fast recoveries begun. */
    TCP_FAST_RECOVERY,
    /** Retransmission timeouts. */
    TCP_TIMEOUT,
    /** Probes of windows that the peer has closed. */
    TCP_WINDOW_PROBE,
    /** Probes of peers that are silent. */
    TCP_KEEP_ALIVE_PROBE,
    /** ACKs that answer segments which cannot be accepted (RFC 5961). */
    TCP_CHALLENGE_ACK,
    /** Connections reset or refused by the local peer. */
    TCP_RESET_RECEIVED,
    /** Resets sent for connections; those for no flow not included. */
    TCP_RESET_SENT,
    /** Connections given up because the local peer did not answer. */
    TCP_GIVEN_UP,

    /** TCP flows begun. */
    TCP_FLOWS_OPENED,
    /** SYNs answered by a reset because there was no place or no memory. */
    TCP_FLOWS_REFUSED,
    /** Half-open flows reset to make place for younger ones. */
    TCP_HALF_OPEN_EVICTED,
    /** Segments that belong to no flow, SYNs not included. */
    TCP_NO_FLOW,
    /** Resets sent for segments that belong to no flow. */
    TCP_RESET_SENT_NO_FLOW,
    /** Bytes of TCP streams that the upstream took. */
    BYTES_UP,
    /** Bytes of TCP streams acknowledged to a client that the upstream did not take before it failed. */
    BYTES_UP_LOST,
    /** Bytes of TCP streams that the upstream sent. */
    BYTES_DOWN,

    /** UDP sessions begun. */
    UDP_SESSIONS_OPENED,
    /** UDP sessions that the upstream did not take, because it has no datagrams or no room. */
    UDP_SESSIONS_REFUSED,
    /** UDP sessions that made place for younger ones. */
    UDP_SESSIONS_EVICTED,
    /** Datagrams sent to the upstream. */
    DATAGRAMS_UP,
    /** Datagrams of clients that could be neither sent nor kept. */
    DATAGRAMS_UP_LOST,
    /** Datagrams sent to clients. */
    DATAGRAMS_DOWN,
    /** Datagrams from the upstream that were not for their client: another family, no port, too large. */
    DATAGRAMS_DOWN_LOST,

    /** Packets that were to go on but had a TTL or hop limit of one. */
    DROP_HOP_LIMIT,
    /** ICMP messages that need no answer, such as errors and neighbour discovery. */
    ICMP_IGNORED,
    /** Echo requests answered. */
    ICMP_ECHO_ANSWERED,
    /** ICMP errors sent. */
    ICMP_ERROR_SENT,
    /** ICMP answers not sent because there were too many (RFC 1812 section 4.3.2.8, RFC 4443 section 2.4 f). */
    ICMP_RATE_LIMITED,

    /** Streams and UDP associations that the upstream was asked for. */
    UPSTREAM_DIALS,
    /** Of those, the ones that were opened. */
    UPSTREAM_CONNECTED,
    /** Of those, the ones that were refused, came to nothing or were answered by silence. */
    UPSTREAM_REFUSED,
    /** Datagrams from a relay that were none: no header, fragments, names for addresses. */
    UPSTREAM_BAD_DATAGRAM,
    /** Errors that came back for datagrams to a relay. */
    UPSTREAM_RELAY_UNREACHABLE,
}
