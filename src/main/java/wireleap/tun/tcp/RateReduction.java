package wireleap.tun.tcp;

/**
 * Proportional rate reduction (RFC 9937): in fast recovery what is sent follows
 * what arrives, so that a queue that has just overflowed does not get a burst of retransmissions.
 */
final class RateReduction {
    private long recoverFlight;
    private long deliveredBytes;
    private long sentBytes;
    /** What may be sent until the next ACK while little is in flight. */
    private long boundBytes;

    /** A fast recovery begins with so many bytes outstanding. */
    void begin(long flightBytes) {
        recoverFlight = flightBytes;
        deliveredBytes = 0;
        sentBytes = 0;
        boundBytes = 0;
    }

    /**
     * An ACK told that so many bytes have arrived, by sndUna or SACK.
     *
     * @param extraBytes a segment's if all goes well, so that the window grows back: sndUna has moved, and nothing else
     *        was found lost; else 0
     */
    void onDelivered(long bytes, int extraBytes) {
        deliveredBytes += bytes;
        boundBytes = Math.max(deliveredBytes - sentBytes, bytes) + extraBytes;
    }

    /** Bytes were sent, new ones or again. */
    void onSent(long bytes) {
        sentBytes += bytes;
        boundBytes -= bytes;
    }

    /** Bytes that may be sent now; not above 0: none. */
    long roomBytes(long pipeBytes, long ssthreshBytes) {
        if (pipeBytes > ssthreshBytes) {
            return (deliveredBytes * ssthreshBytes + recoverFlight - 1) / recoverFlight - sentBytes;
        }
        return Math.min(ssthreshBytes - pipeBytes, boundBytes);
    }
}
