package wireleap.tun.wire;

import static wireleap.tun.mem.Bytes.putU16;
import static wireleap.tun.mem.Bytes.putU8;
import static wireleap.tun.mem.Bytes.u8;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Slab;

/**
 * A datagram of which fragments have come. Its bytes lie in a block of the slab, the payload from {@link #PAYLOAD_AT}
 * on and the first fragment's headers directly before it, so that the block holds the first fragment as it came and,
 * with few changes, the whole datagram in the end. Reused by {@link Reassembly}.
 */
final class PartialDatagram {
    /** Headers of more bytes are refused. */
    static final int PAYLOAD_AT = 256;

    /** The fragment was taken, or had come before. */
    static final int KEPT = 0;
    /** The fragment was taken and was the last one missing. */
    static final int COMPLETE = 1;
    /** It contradicts what has come: the datagram is lost. */
    static final int CONFLICT = 2;
    /** It cannot be kept. */
    static final int REFUSED = 3;

    private static final int IPV6_FRAGMENT_HEADER_BYTES = 8;

    private final Slab slab;
    private final Extents extents = new Extents();
    private int version;
    private int protocol;
    private int identification;
    private long srcHi;
    private long srcLo;
    private long dstHi;
    private long dstLo;
    private long deadlineNanos;
    /** Whether fragments that come are dropped (RFC 5722 section 4). */
    private boolean poisoned;
    /** Bytes of the datagram's payload; -1 until the last fragment has come. */
    private int payloadLength;
    /** Bytes of the first fragment's headers; 0 until it has come. */
    private int headerBytes;
    /** Bytes of the first fragment's payload. */
    private int firstLength;
    /** Where in an IPv6 header the byte stands that names the fragment header. */
    private int fragmentNamedAt;
    private long block;
    /** Bytes of the block; 0: none. */
    private int blockBytes;

    PartialDatagram(Slab slab) {
        this.slab = slab;
    }

    void open(IpPacket fragment, long deadline) {
        version = fragment.version();
        protocol = fragment.protocol();
        identification = fragment.identification();
        srcHi = fragment.srcHi();
        srcLo = fragment.srcLo();
        dstHi = fragment.dstHi();
        dstLo = fragment.dstLo();
        deadlineNanos = deadline;
        poisoned = false;
        payloadLength = -1;
        headerBytes = 0;
        firstLength = 0;
        extents.clear();
    }

    /** RFC 791 section 3.2 names the protocol too; RFC 8200 section 4.5 does not. */
    boolean isOf(IpPacket fragment) {
        return identification == fragment.identification() && srcLo == fragment.srcLo() && dstLo == fragment.dstLo()
                && srcHi == fragment.srcHi() && dstHi == fragment.dstHi() && version == fragment.version()
                && (version == 6 || protocol == fragment.protocol());
    }

    long deadlineNanos() {
        return deadlineNanos;
    }

    boolean isPoisoned() {
        return poisoned;
    }

    /** Gives the bytes back and has no use for more. */
    void poison() {
        poisoned = true;
        freeBlock();
    }

    int blockBytes() {
        return blockBytes;
    }

    /** Bytes of a block that could take the fragment too, at least the present one's. */
    int blockBytesWith(IpPacket fragment) {
        int needed = PAYLOAD_AT + fragment.fragmentOffset() + fragment.payloadLength();
        return Math.max(blockBytes, Slab.blockBytes(needed));
    }

    /** Moves to a block of this size; false: there is none, all is as before. */
    boolean grow(int newBlockBytes) {
        if (newBlockBytes == blockBytes) {
            return true;
        }
        long newBlock = slab.allocate(newBlockBytes);
        if (newBlock < 0) {
            return false;
        }
        if (blockBytes > 0) {
            MemorySegment.copy(slab.memory(), block, slab.memory(), newBlock, blockBytes);
            freeBlock();
        }
        block = newBlock;
        blockBytes = newBlockBytes;
        return true;
    }

    void freeBlock() {
        if (blockBytes > 0) {
            slab.free(block, blockBytes);
            blockBytes = 0;
        }
    }

    /** Takes a fragment for which {@link #grow} has made room: KEPT, COMPLETE, CONFLICT or REFUSED. */
    int add(IpPacket fragment) {
        int start = fragment.fragmentOffset();
        int length = fragment.payloadLength();
        int end = start + length;
        if (contradictsEnd(fragment, end)) {
            return CONFLICT;
        }
        switch (extents.add(start, end)) {
            case Extents.CONTAINED:
                return holds(fragment) ? KEPT : CONFLICT;
            case Extents.OVERLAPPING:
                return CONFLICT;
            case Extents.FULL:
                return REFUSED;
            default:
                break;
        }
        MemorySegment.copy(fragment.memory(), fragment.payloadOffset(), slab.memory(), payloadOffset() + start, length);
        if (!fragment.moreFragments()) {
            payloadLength = end;
        }
        if (start == 0 && !keepHeaders(fragment)) {
            return REFUSED;
        }
        return payloadLength == extents.prefix() ? finish() : KEPT;
    }

    /** Whether the fragment lies beyond the datagram's end, or puts it elsewhere than was said or before what came. */
    private boolean contradictsEnd(IpPacket fragment, int end) {
        if (fragment.moreFragments()) {
            return payloadLength >= 0 && end > payloadLength;
        }
        return payloadLength >= 0 && payloadLength != end || end < extents.end();
    }

    /** Whether the bytes are those that have come before: then it is no more than a duplicate. */
    private boolean holds(IpPacket fragment) {
        long at = payloadOffset() + fragment.fragmentOffset();
        long from = fragment.payloadOffset();
        int length = fragment.payloadLength();
        return MemorySegment.mismatch(fragment.memory(), from, from + length, slab.memory(), at, at + length) < 0;
    }

    private boolean keepHeaders(IpPacket fragment) {
        if (fragment.headerLength() > PAYLOAD_AT) {
            return false;
        }
        headerBytes = fragment.headerLength();
        firstLength = fragment.payloadLength();
        fragmentNamedAt = (int) (fragment.fragmentNamedAt() - fragment.headerOffset());
        MemorySegment.copy(fragment.memory(), fragment.headerOffset(), slab.memory(), headerOffset(), headerBytes);
        return true;
    }

    /** Makes the first fragment's headers those of the whole; REFUSED: it is longer than IP can say. */
    private int finish() {
        MemorySegment memory = slab.memory();
        int ipv6Payload = headerBytes - IPV6_FRAGMENT_HEADER_BYTES - IpPacket.IPV6_HEADER_BYTES + payloadLength;
        if ((version == 4 ? headerBytes + payloadLength : ipv6Payload) > 0xffff) {
            return REFUSED;
        }
        if (version == 4) {
            long header = headerOffset();
            putU16(memory, header + 2, headerBytes + payloadLength);
            putU16(memory, header + 6, 0);
            putU16(memory, header + 10, 0);
            int sum = Checksum.sum(memory, header, headerBytes, 0);
            putU16(memory, header + 10, Checksum.complement(sum));
        } else {
            int protocolNamed = u8(memory, payloadOffset() - IPV6_FRAGMENT_HEADER_BYTES);
            long from = headerOffset();
            headerBytes -= IPV6_FRAGMENT_HEADER_BYTES;
            MemorySegment.copy(memory, from, memory, headerOffset(), headerBytes);
            putU8(memory, headerOffset() + fragmentNamedAt, protocolNamed);
            putU16(memory, headerOffset() + 4, ipv6Payload);
        }
        return COMPLETE;
    }

    private long payloadOffset() {
        return block + PAYLOAD_AT;
    }

    /** Where the headers begin in the slab's memory. */
    long headerOffset() {
        return payloadOffset() - headerBytes;
    }

    /** Bytes of the complete datagram. */
    int wholeLength() {
        return headerBytes + payloadLength;
    }

    /** Bytes of the first fragment as it came, of an incomplete datagram; 0: it has not come, or is no longer kept. */
    int firstFragmentLength() {
        return blockBytes == 0 || headerBytes == 0 ? 0 : headerBytes + firstLength;
    }
}
