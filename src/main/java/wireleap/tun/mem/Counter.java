package wireleap.tun.mem;

/**
 * What a loop counts, from its start on. Each stands in {@code GET /stats} under its group and name, which are the
 * program's promise: a constant may be renamed, those may not.
 */
public enum Counter {
    /** Packets read from the TUN, super-segments counting once. */
    PACKETS_IN(Group.PACKETS, "in"),
    /** Packets handed to the TUN, super-segments counting once. */
    PACKETS_OUT(Group.PACKETS, "out"),
    /** Of those read, the ones that stand for many: TCP segments or UDP datagrams that the kernel has not cut. */
    SUPER_SEGMENTS_IN(Group.PACKETS, "superSegmentsIn"),
    /** Of those handed to the TUN, the ones that the kernel is left to cut. */
    SUPER_SEGMENTS_OUT(Group.PACKETS, "superSegmentsOut"),

    /** Bytes of the packets read, virtio headers not included. */
    BYTES_IN(Group.BYTES, "in"),
    /** Bytes of the packets handed to the TUN, virtio headers not included. */
    BYTES_OUT(Group.BYTES, "out"),
    /** Bytes of TCP streams that the upstream took. */
    BYTES_UP(Group.BYTES, "streamsUp"),
    /** Bytes of TCP streams acknowledged to a client that the upstream did not take before it failed. */
    BYTES_UP_LOST(Group.BYTES, "streamsUpLost"),
    /** Bytes of TCP streams that the upstream sent. */
    BYTES_DOWN(Group.BYTES, "streamsDown"),

    /** Shorter than its own lengths say, or than any header. */
    DROP_TRUNCATED(Group.DROPS, "truncated"),
    /** Neither IPv4 nor IPv6. */
    DROP_IP_VERSION(Group.DROPS, "ipVersion"),
    /** A header or total length that cannot be. */
    DROP_IP_LENGTH(Group.DROPS, "ipLength"),
    /** The IPv4 header's checksum is wrong. */
    DROP_IP_CHECKSUM(Group.DROPS, "ipChecksum"),
    /** Malformed IPv4 options, or a source route that is not used up (RFC 7126 section 4.3). */
    DROP_IP_OPTIONS(Group.DROPS, "ipOptions"),
    /** IPv6 extension headers malformed, too many or in an order that must not be. */
    DROP_IP_EXTENSIONS(Group.DROPS, "ipExtensions"),
    /** A length of zero that means a jumbogram (RFC 2675) or an over-long super-segment. */
    DROP_JUMBOGRAM(Group.DROPS, "jumbogram"),
    /** A source address that must not be one: multicast, unspecified, loopback, mapped. */
    DROP_IP_SOURCE(Group.DROPS, "ipSource"),
    /** A destination address that must not come here: unspecified, loopback, mapped. */
    DROP_IP_DESTINATION(Group.DROPS, "ipDestination"),
    /** Multicast or broadcast, which is not carried. */
    DROP_MULTICAST(Group.DROPS, "multicast"),
    /** A transport protocol that is not carried. */
    DROP_PROTOCOL(Group.DROPS, "protocol"),
    /** Packets that were to go on but had a TTL or hop limit of one. */
    DROP_HOP_LIMIT(Group.DROPS, "hopLimit"),
    /** Fragments that could not be kept: malformed, beyond 65,535, no memory. */
    DROP_FRAGMENT(Group.DROPS, "fragment"),
    /** Datagrams given up because fragments overlap (RFC 5722). */
    DROP_FRAGMENT_OVERLAP(Group.DROPS, "fragmentOverlap"),
    /** TCP header malformed. */
    DROP_TCP_HEADER(Group.DROPS, "tcpHeader"),
    /** TCP checksum wrong. */
    DROP_TCP_CHECKSUM(Group.DROPS, "tcpChecksum"),
    /** Segments that belong to no flow, SYNs not included; answered by a reset unless they are one. */
    TCP_NO_FLOW(Group.DROPS, "tcpNoFlow"),
    /** SYNs and datagrams to a destination to which many flows heard nothing yet, dropped to see whether they come back. */
    DROP_LOOP_SUSPECTED(Group.DROPS, "loopSuspected"),
    /** Datagrams refused because what is sent to their destination comes back from our own upstream. */
    DROP_UDP_LOOP(Group.DROPS, "udpLoop"),
    /** SYNs of clients never heard of while many flows are half-open; they may come again. */
    DROP_TCP_STRANGER(Group.DROPS, "tcpStranger"),
    /** Segments outside the window (RFC 9293 section 3.10.7.4), acknowledged. */
    DROP_TCP_SEQUENCE(Group.DROPS, "tcpSequence"),
    /** Segments that acknowledge what was never sent, or long ago. */
    DROP_TCP_ACK(Group.DROPS, "tcpAck"),
    /** Segments that acknowledge nothing where each must, or that mean nothing while the upstream is being connected. */
    DROP_TCP_FLAGS(Group.DROPS, "tcpFlags"),
    /** Old duplicates by their timestamp (PAWS, RFC 7323 section 5), acknowledged. */
    DROP_TCP_PAWS(Group.DROPS, "tcpPaws"),
    /** Bytes of payload that were here already. */
    DROP_TCP_BYTES_DUPLICATE(Group.DROPS, "tcpBytesDuplicate"),
    /** Bytes of payload beyond the window or the FIN. */
    DROP_TCP_BYTES_BEYOND_WINDOW(Group.DROPS, "tcpBytesBeyondWindow"),
    /** Bytes of payload in order that could be kept nowhere; they will come again. */
    DROP_TCP_BYTES_REFUSED(Group.DROPS, "tcpBytesRefused"),
    /** Segments out of order that could be kept nowhere; they will come again. */
    DROP_TCP_OUT_OF_ORDER(Group.DROPS, "tcpOutOfOrder"),
    /** UDP header malformed, or a super-datagram that cannot be. */
    DROP_UDP_HEADER(Group.DROPS, "udpHeader"),
    /** UDP checksum wrong, or absent in IPv6. */
    DROP_UDP_CHECKSUM(Group.DROPS, "udpChecksum"),
    /** Datagrams to the TUN's own other side, where nobody listens. */
    DROP_UDP_TO_SELF(Group.DROPS, "udpToSelf"),
    /** ICMP header malformed. */
    DROP_ICMP_HEADER(Group.DROPS, "icmpHeader"),
    /** ICMP checksum wrong. */
    DROP_ICMP_CHECKSUM(Group.DROPS, "icmpChecksum"),
    /** Packets that another loop was to have and that it had no room for. */
    DROP_GIVEN(Group.DROPS, "given"),
    /** Packets for the TUN for which the kernel had no room. */
    DROP_DEVICE_FULL(Group.DROPS, "deviceFull"),
    /** Packets that the TUN refused: it is down, or they are malformed. */
    DROP_DEVICE_REFUSED(Group.DROPS, "deviceRefused"),

    /** Datagrams put together from fragments. */
    REASSEMBLED(Group.FRAGMENTS, "reassembled"),
    /** Datagrams given up, incomplete, after the time allowed. */
    REASSEMBLY_TIMED_OUT(Group.FRAGMENTS, "timedOut"),
    /** Incomplete datagrams that made place for younger ones. */
    REASSEMBLY_EVICTED(Group.FRAGMENTS, "evicted"),

    /** TCP flows begun. */
    TCP_FLOWS_OPENED(Group.FLOWS, "opened"),
    /** Flows in TIME-WAIT that made place for others, or whose port was used anew. */
    TCP_TIME_WAIT_CUT(Group.FLOWS, "timeWaitCut"),
    /** Streams reset because the upstream took nothing for a minute of what a client that is gone had left. */
    TCP_DRAIN_TIMED_OUT(Group.FLOWS, "drainTimedOut"),
    /** Connections given up because the local peer did not answer; each is reset. */
    TCP_GIVEN_UP(Group.FLOWS, "givenUp"),

    /** TCP segments sent again after duplicate ACKs or SACK, super-segments counting once. */
    TCP_RETRANSMIT_FAST(Group.RETRANSMISSIONS, "fast"),
    /** TCP segments sent again after a timeout, super-segments counting once. */
    TCP_RETRANSMIT_TIMEOUT(Group.RETRANSMISSIONS, "timeout"),
    /** TCP segments sent again as probes of a tail that may be lost. */
    TCP_RETRANSMIT_PROBE(Group.RETRANSMISSIONS, "probe"),
    /** SYNs and their answers sent again. */
    TCP_RETRANSMIT_SYN(Group.RETRANSMISSIONS, "syn"),

    /** Fast recoveries begun. */
    TCP_FAST_RECOVERY(Group.TCP, "fastRecoveries"),
    /** Retransmission timeouts. */
    TCP_TIMEOUT(Group.TCP, "timeouts"),
    /** Recoveries and timeouts taken back, for nothing was lost. */
    TCP_RECOVERY_UNDONE(Group.TCP, "recoveriesUndone"),
    /** Probes of a tail that may be lost, with new bytes or old ones. */
    TCP_TAIL_PROBE(Group.TCP, "tailProbes"),
    /** Probes of windows that the peer has closed. */
    TCP_WINDOW_PROBE(Group.TCP, "windowProbes"),
    /** Probes of peers that are silent. */
    TCP_KEEP_ALIVE_PROBE(Group.TCP, "keepAliveProbes"),
    /** ACKs that answer segments which cannot be accepted (RFC 5961). */
    TCP_CHALLENGE_ACK(Group.TCP, "challengeAcks"),
    /** The same, not sent because there were too many (RFC 5961 section 7). */
    TCP_CHALLENGE_ACK_WITHHELD(Group.TCP, "challengeAcksWithheld"),
    /** SYNs that came again while the upstream was being connected. */
    TCP_SYN_ABSORBED(Group.TCP, "synsAbsorbed"),

    /** Connections reset or refused by the local peer. */
    TCP_RESET_RECEIVED(Group.RESETS, "received"),
    /** Resets that answer segments of no flow. */
    TCP_RESET_SENT_NO_FLOW(Group.RESETS, "noFlow"),
    /** Resets that answer SYNs to the TUN's own other side, where nobody listens, or to port 0. */
    TCP_RESET_TO_SELF(Group.RESETS, "toSelf"),
    /** Resets that answer SYNs to a destination whose flows come back from our own upstream. */
    TCP_RESET_LOOP(Group.RESETS, "loop"),
    /** Resets that answer SYNs for which there was no place in the table of flows. */
    TCP_RESET_TABLE_FULL(Group.RESETS, "tableFull"),
    /** Resets that answer SYNs for which there was no memory. */
    TCP_RESET_NO_MEMORY(Group.RESETS, "noMemory"),
    /** Resets that answer segments which fit no handshake. */
    TCP_RESET_BAD_HANDSHAKE(Group.RESETS, "badHandshake"),
    /** Half-open flows reset to make place for younger ones. */
    TCP_HALF_OPEN_EVICTED(Group.RESETS, "halfOpenEvicted"),
    /** Flows reset because the upstream refused them; those told by ICMP not included. */
    TCP_RESET_REFUSED(Group.RESETS, "upstreamRefused"),
    /** Flows reset because their stream through the upstream broke. */
    TCP_RESET_UPSTREAM_FAILED(Group.RESETS, "upstreamFailed"),
    /** Flows reset because their destination came onto the bypass list. */
    TCP_RESET_BYPASSED(Group.RESETS, "bypassed"),
    /** Flows reset because the daemon stops. */
    TCP_RESET_STOPPED(Group.RESETS, "stopped"),
    /** Flows reset because a bug of ours struck them. */
    TCP_RESET_BUG(Group.RESETS, "internalError"),

    /** UDP sessions begun. */
    UDP_SESSIONS_OPENED(Group.SESSIONS, "opened"),
    /** UDP sessions that the upstream did not take, because it has no datagrams or no room. */
    UDP_SESSIONS_REFUSED(Group.SESSIONS, "refused"),
    /** UDP sessions that made place for younger ones. */
    UDP_SESSIONS_EVICTED(Group.SESSIONS, "evicted"),
    /** UDP sessions that ended after the silence allowed. */
    UDP_SESSIONS_IDLE(Group.SESSIONS, "idle"),
    /** UDP sessions that ended because nobody listens at the client's port any more. */
    UDP_SESSIONS_CLIENT_GONE(Group.SESSIONS, "clientGone"),
    /** UDP sessions that the upstream ended, or did not open in the end. */
    UDP_SESSIONS_UPSTREAM_ENDED(Group.SESSIONS, "upstreamEnded"),

    /** Datagrams sent to the upstream. */
    DATAGRAMS_UP(Group.DATAGRAMS, "up"),
    /** Datagrams of clients for which there was no room, in the socket or while the upstream was being asked. */
    DATAGRAMS_UP_NO_ROOM(Group.DATAGRAMS, "upNoRoom"),
    /** Datagrams of clients larger than the way can carry. */
    DATAGRAMS_UP_TOO_LARGE(Group.DATAGRAMS, "upTooLarge"),
    /** Datagrams of clients that came to nothing because sending them failed. */
    DATAGRAMS_UP_FAILED(Group.DATAGRAMS, "upFailed"),
    /** Datagrams of clients that waited for the upstream until their session ended. */
    DATAGRAMS_UP_UNSENT(Group.DATAGRAMS, "upUnsent"),
    /** Datagrams sent to clients. */
    DATAGRAMS_DOWN(Group.DATAGRAMS, "down"),
    /** Datagrams from the upstream that were not for their client: another family, or no port. */
    DATAGRAMS_DOWN_FOREIGN(Group.DATAGRAMS, "downForeign"),
    /** Datagrams from the upstream for which there was no memory until their session had fetched them. */
    DATAGRAMS_DOWN_NO_ROOM(Group.DATAGRAMS, "downNoRoom"),
    /** Datagrams from the upstream larger than IP can carry. */
    DATAGRAMS_DOWN_TOO_LARGE(Group.DATAGRAMS, "downTooLarge"),

    /** DNS queries of UDP clients taken to be carried over TCP. */
    DNS_QUERIES(Group.DNS, "queries"),
    /** Datagrams to port 53 that were to be carried over TCP and are no DNS queries; dropped. */
    DNS_QUERIES_MALFORMED(Group.DNS, "malformed"),
    /** DNS queries dropped because too many were outstanding, or there was no memory. */
    DNS_QUERIES_DROPPED(Group.DNS, "dropped"),
    /** DNS queries sent again over TCP because no answer came in time or the connection ended. */
    DNS_RETRIES(Group.DNS, "retries"),
    /** DNS queries answered by SERVFAIL after all tries. */
    DNS_FAILURES(Group.DNS, "failures"),
    /** Answers that came over TCP and were truncated, because their clients do not take so much by UDP. */
    DNS_ANSWERS_TRUNCATED(Group.DNS, "truncated"),
    /** DNS messages that came over TCP and answered no query: late, or never asked for. */
    DNS_ANSWERS_UNMATCHED(Group.DNS, "unmatched"),
    /** Connections to resolvers begun, to carry queries over TCP. */
    DNS_STREAMS_OPENED(Group.DNS, "connections"),
    /** Datagrams and connections to port 53 led to the resolver of --dns, those carried over TCP not included. */
    DNS_REDIRECTED(Group.DNS, "redirected"),

    /** Echo requests answered. */
    ICMP_ECHO_ANSWERED(Group.ICMP, "echoAnswered"),
    /** Echo requests not answered because they are not to be. */
    ICMP_ECHO_IGNORED(Group.ICMP, "echoIgnored"),
    /** ICMP messages that need no answer, such as errors and neighbour discovery. */
    ICMP_IGNORED(Group.ICMP, "ignored"),
    /** ICMP errors sent. */
    ICMP_ERROR_SENT(Group.ICMP, "errorsSent"),
    /** ICMP errors not sent because there were too many (RFC 1812 section 4.3.2.8, RFC 4443 section 2.4 f). */
    ICMP_RATE_LIMITED(Group.ICMP, "errorsRateLimited"),
    /** ICMP errors not sent because what they are about must not be answered (RFC 1122 section 3.2.2). */
    ICMP_ERROR_WITHHELD(Group.ICMP, "errorsWithheld"),

    /** Streams and UDP associations that the upstream was asked for. */
    UPSTREAM_DIALS(Group.UPSTREAM, "dials"),
    /** Of those, the ones that were opened. */
    UPSTREAM_CONNECTED(Group.UPSTREAM, "connected"),
    /** Streams and UDP associations asked for on a connection to a SOCKS5 server that had been made in advance. */
    UPSTREAM_SPARES_USED(Group.UPSTREAM, "sparesUsed"),
    /** Connections made in advance that nobody needed within two seconds. */
    UPSTREAM_SPARES_UNUSED(Group.UPSTREAM, "sparesUnused"),
    /** Connections made in advance that failed, that the server closed, or that were dead when they were to be used. */
    UPSTREAM_SPARES_LOST(Group.UPSTREAM, "sparesLost"),
    /** Streams from a port that had led to the same server before, because the kernel had few left. */
    UPSTREAM_PORTS_REUSED(Group.UPSTREAM, "portsReused"),
    /** Connections reset because the address that they came from is gone, or is not the one to use any more. */
    UPSTREAM_WAYS_LOST(Group.UPSTREAM, "waysLost"),
    /** Datagrams from a relay that were none: no header, fragments, names for addresses. */
    UPSTREAM_BAD_DATAGRAM(Group.UPSTREAM, "badDatagrams"),
    /** Errors that came back for datagrams to a relay. */
    UPSTREAM_RELAY_UNREACHABLE(Group.UPSTREAM, "relayErrors"),

    /** Connections to a broker (h2c) that could not be made, broke the rules or were lost with their streams. */
    UPSTREAM_CONNECTIONS_FAILED(Group.UPSTREAM, "connectionsFailed"),
    /** Streams of a broker that it ended with an error status, or reset; those lost with a connection not included. */
    UPSTREAM_STREAMS_FAILED(Group.UPSTREAM, "streamsFailed"),
    /** Streams that a broker ended without a byte: their targets could not be dialled. */
    UPSTREAM_STREAMS_EMPTY(Group.UPSTREAM, "streamsEmpty"),
    /** Streams reset because there was no memory for what a broker had sent, not even a while later. */
    UPSTREAM_STREAMS_NO_MEMORY(Group.UPSTREAM, "streamsNoMemory"),

    /** Dials whose target refused. */
    REFUSED_BY_TARGET(Group.REFUSALS, "byTarget"),
    /** Dials for which the network was unreachable. */
    REFUSED_NET_UNREACHABLE(Group.REFUSALS, "netUnreachable"),
    /** Dials for which the host was unreachable. */
    REFUSED_HOST_UNREACHABLE(Group.REFUSALS, "hostUnreachable"),
    /** Dials that were not allowed. */
    REFUSED_NOT_ALLOWED(Group.REFUSALS, "notAllowed"),
    /** Dials whose packets were too long on their way. */
    REFUSED_TTL_EXPIRED(Group.REFUSALS, "ttlExpired"),
    /** Dials that nobody answered in time. */
    REFUSED_TIMED_OUT(Group.REFUSALS, "timedOut"),
    /** Dials of a kind that the upstream does not carry. */
    REFUSED_NOT_SUPPORTED(Group.REFUSALS, "notSupported"),
    /** Dials that failed in another way, above all because the upstream cannot be reached. */
    REFUSED_FAILED(Group.REFUSALS, "failed"),

    /** Packets given to the loop that has their UDP session, puts them together from fragments, or may know their flow. */
    GIVEN(Group.LOOP, "given"),
    /** Packets, events and turns that ended in an exception: bugs of ours, each logged once; the others go on. */
    INTERNAL_ERRORS(Group.LOOP, "internalErrors");

    private final Group group;
    private final String title;

    Counter(Group group, String title) {
        this.group = group;
        this.title = title;
    }

    /** What it is counted with. */
    public Group group() {
        return group;
    }

    /** Its name in the group, camelCase. */
    public String title() {
        return title;
    }
}
