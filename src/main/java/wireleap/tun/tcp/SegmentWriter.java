package wireleap.tun.tcp;

import static wireleap.tun.wire.TcpHeader.ACK;
import static wireleap.tun.wire.TcpHeader.RST;
import static wireleap.tun.wire.TcpHeader.SYN;
import static wireleap.tun.wire.TcpOptions.SACK_BLOCK_BYTES;
import static wireleap.tun.wire.TcpOptions.SACK_HEADER_BYTES;
import static wireleap.tun.wire.TcpOptions.TIMESTAMPS_BYTES;

import java.lang.foreign.MemorySegment;
import wireleap.tun.wire.TcpHeader;
import wireleap.tun.wire.TcpOptions;

/** Writes the headers of a connection's segments, with what the receiving half has to tell, and sends them. */
final class SegmentWriter {
    private final Agreement agreement;
    private final Timestamps timestamps;
    private final Receiver receiver;
    private TcpOutput output;
    private int localPort;
    private int remotePort;
    private int iss;

    SegmentWriter(Agreement agreement, Timestamps timestamps, Receiver receiver) {
        this.agreement = agreement;
        this.timestamps = timestamps;
        this.receiver = receiver;
    }

    void bind(TcpOutput output) {
        this.output = output;
    }

    void begin(int localPort, int remotePort, int iss) {
        this.localPort = localPort;
        this.remotePort = remotePort;
        this.iss = iss;
    }

    /** What the peer may put into a segment of its own, TCP options not deducted. */
    int ourMss() {
        return output.mss();
    }

    /** Bytes of payload in a full segment without SACK blocks: what a congestion window is counted in. */
    int mss() {
        return Math.min(agreement.peerMss, output.mss()) - (timestamps.enabled() ? TIMESTAMPS_BYTES : 0);
    }

    /** Bytes of payload in a full segment that is sent now (RFC 6691 section 2). */
    int payloadMss() {
        return mss() - sackBytes();
    }

    /** The most bytes of payload in one transmit, whole segments of {@link #payloadMss}. */
    int maxPayload() {
        int mss = payloadMss();
        int space = output.maxSegmentBytes() - TcpHeader.MAX_BYTES;
        return Math.max(1, space / mss) * mss;
    }

    /** A SYN, or with {@code answers} a SYN-ACK. */
    void syn(boolean answers, long nowNanos) {
        MemorySegment memory = output.headers();
        long start = output.tcpOffset();
        long at = TcpOptions.putMss(memory, start + TcpHeader.BYTES, output.mss());
        if (agreement.sack) {
            at = TcpOptions.putSackPermitted(memory, at);
        }
        if (agreement.timestamps) {
            at = TcpOptions.putTimestamps(memory, at, timestamps.value(nowNanos), timestamps.echo());
        }
        if (agreement.windowScaling) {
            at = TcpOptions.putWindowScale(memory, at, agreement.rcvScale);
        }
        int window = receiver.synWindowField();
        int ack = answers ? receiver.sequence(receiver.rcvNxt()) : 0;
        int headerBytes = (int) (at - start);
        TcpHeader.write(memory, start, localPort, remotePort, iss, ack, headerBytes, answers ? SYN | ACK : SYN, window);
        receiver.onAckSent(false);
        output.transmit(headerBytes, 0, 0);
    }

    /** A segment without payload that acknowledges; {@code position} is its sequence number. */
    void ack(long position, long nowNanos) {
        segment(position, ACK, 0, nowNanos);
    }

    /**
     * A segment that acknowledges, with payload from the source.
     *
     * @param flags ACK and perhaps PSH, FIN
     * @param payloadBytes 0..maxPayload
     */
    void segment(long position, int flags, int payloadBytes, long nowNanos) {
        int payloadMss = payloadMss();
        int window = receiver.windowField();
        int headerBytes = write(position, flags, window, nowNanos);
        receiver.onAckSent(payloadBytes > 0);
        output.transmit(headerBytes, payloadBytes, payloadMss);
    }

    /** The reset that refuses the SYN received (RFC 9293 section 3.10.7.1). */
    void refusal() {
        TcpHeader.write(output.headers(), output.tcpOffset(), localPort, remotePort, 0,
                receiver.sequence(receiver.rcvNxt()), TcpHeader.BYTES, RST | ACK, 0);
        output.transmit(TcpHeader.BYTES, 0, 0);
    }

    /** A reset in a synchronized state (RFC 9293 section 3.10.5). */
    void reset(long position, long nowNanos) {
        output.transmit(write(position, RST | ACK, 0, nowNanos), 0, 0);
    }

    /** A reset that answers a segment; false: that is a reset itself, and none is sent. */
    boolean resetReply(TcpHeader segment, int payloadLength) {
        int headerBytes = ResetReply.write(segment, payloadLength, output.headers(), output.tcpOffset());
        if (headerBytes > 0) {
            output.transmit(headerBytes, 0, 0);
        }
        return headerBytes > 0;
    }

    private int write(long position, int flags, int window, long nowNanos) {
        MemorySegment memory = output.headers();
        long start = output.tcpOffset();
        long at = start + TcpHeader.BYTES;
        if (timestamps.enabled()) {
            at = TcpOptions.putTimestamps(memory, at, timestamps.value(nowNanos), timestamps.echo());
        }
        int blocks = sackBlocks();
        if (blocks > 0) {
            at = TcpOptions.putSackHeader(memory, at, blocks);
            for (int i = 0; i < blocks; i++) {
                int left = receiver.sequence(receiver.ranges.blockLeft(i));
                at = TcpOptions.putSackBlock(memory, at, left, receiver.blockRightSequence(i));
            }
        }
        int headerBytes = (int) (at - start);
        int seq = SequenceNumbers.toSequence(iss, position);
        int ack = receiver.sequence(receiver.rcvNxt());
        TcpHeader.write(memory, start, localPort, remotePort, seq, ack, headerBytes, flags, window);
        return headerBytes;
    }

    private int sackBlocks() {
        return agreement.sack ? receiver.ranges.chooseBlocks() : 0;
    }

    private int sackBytes() {
        int blocks = sackBlocks();
        return blocks == 0 ? 0 : SACK_HEADER_BYTES + blocks * SACK_BLOCK_BYTES;
    }
}
