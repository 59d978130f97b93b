package wireleap.tun.tcp;

import java.lang.foreign.MemorySegment;

/**
 * Makes packets of a {@link TcpConnection}'s segments: it knows the addresses. Must not call back into the connection.
 */
public interface TcpOutput {
    /** Where the connection writes its TCP header, at {@link #tcpOffset}; 60 bytes from there on are free. */
    MemorySegment headers();

    /** Where in {@link #headers} the TCP header begins. */
    long tcpOffset();

    /**
     * Sends the header written, and as payload the first bytes of what the source prepared last. The checksum field is
     * 0 and is the output's to fill, like the IP and virtio headers. A packet that cannot be sent is just lost.
     *
     * @param tcpHeaderBytes 20..60
     * @param payloadBytes 0: no payload, whatever was prepared
     * @param mss bytes of payload for each packet: a super-segment is to be cut (GSO) where payloadBytes is above it
     */
    void transmit(int tcpHeaderBytes, int payloadBytes, int mss);

    /** The largest payload of one packet without TCP options: MTU less IP header less 20 (RFC 9293 section 3.7.1). */
    int mss();

    /** The largest TCP header and payload of one transmit: 65535 less IP header with GSO, {@link #mss} + 20 without. */
    int maxSegmentBytes();
}
