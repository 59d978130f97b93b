package wireleap.tun.dns;

import static wireleap.tun.mem.Bytes.i32;
import static wireleap.tun.mem.Bytes.putI32;
import static wireleap.tun.mem.Bytes.putU16;
import static wireleap.tun.mem.Bytes.putU8;
import static wireleap.tun.mem.Bytes.u16;
import static wireleap.tun.mem.Bytes.u8;

import java.lang.foreign.MemorySegment;

/**
 * A DNS message (RFC 1035 section 4.1) with at most one question. Reusable; owns no memory.
 * <pre>
 *    0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15
 *  +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 *  |                      ID                       |
 *  +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 *  |QR|   Opcode  |AA|TC|RD|RA| Z|AD|CD|   RCODE   |
 *  +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 *  |        QDCOUNT: questions, 0 or 1 here        |
 *  |        ANCOUNT, NSCOUNT, ARCOUNT: records     |
 *  +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 * </pre>
 * EDNS is a record of type OPT among the additional ones (RFC 6891 section 6.1.2): name 0, type 41, the sender's UDP
 * size in place of the class, flags (DO the highest of the low 16 bits) in place of the TTL, u16 length, options.
 */
final class DnsMessage {
    static final int HEADER_BYTES = 12;
    /** What everybody takes by UDP: RFC 1035 section 4.2.1. */
    static final int MIN_UDP_BYTES = 512;
    /** A name has at most 255 bytes (RFC 1035 section 2.3.4), type and class 4. */
    static final int MAX_QUESTION_BYTES = 259;
    /** An OPT record without options. */
    static final int OPT_BYTES = 11;
    static final int SERVER_FAILURE = 2;
    static final int TRUNCATED = 0x0200;

    private static final int RESPONSE = 0x8000;
    private static final int RECURSION_AVAILABLE = 0x0080;
    /** Of a query's flags those that its answer has too: Opcode, RD and CD (RFC 1035 section 4.1.1, RFC 4035 3.2.2). */
    private static final int ECHOED_FLAGS = 0x7910;
    private static final int OPT = 41;
    private static final int DNSSEC_OK = 0x8000;
    /** The UDP size that we say in an OPT of our own: what resolvers agreed on at the DNS flag day of 2020. */
    private static final int OWN_UDP_BYTES = 1232;
    private static final int MAX_LABEL_BYTES = 63;
    private static final int POINTER = 0xc0;
    /** Of a record behind its name: type, class, TTL, length. */
    private static final int RECORD_BYTES = 10;

    private MemorySegment memory = MemorySegment.NULL;
    private long offset;
    private int length;
    private int questionEnd;

    /** Lays this over a message; false: it has no whole header, or more or other than one sound question or none. */
    boolean wrap(MemorySegment memory, long offset, int length) {
        this.memory = memory;
        this.offset = offset;
        this.length = length;
        if (length < HEADER_BYTES || questions() > 1) {
            return false;
        }
        questionEnd = questions() == 0 ? HEADER_BYTES : skipName(HEADER_BYTES, false) + 4;
        return questionEnd >= HEADER_BYTES && questionEnd <= length;
    }

    /** Whether it is a query with one question and sound records: what may be sent to a server. */
    boolean isQuery() {
        return !isResponse() && questions() == 1 && findOpt() >= 0;
    }

    boolean isResponse() {
        return (u16(memory, offset + 2) & RESPONSE) != 0;
    }

    int id() {
        return u16(memory, offset);
    }

    int questions() {
        return u16(memory, offset + 4);
    }

    /** Bytes of header and question. */
    int questionEnd() {
        return questionEnd;
    }

    /**
     * Whether the question is the same as that of another message, which has one; names are the same in upper and lower
     * case (RFC 4343 section 3).
     *
     * @param otherEnd bytes of its header and question
     */
    boolean asksTheSame(MemorySegment other, long otherOffset, int otherEnd) {
        if (questionEnd != otherEnd) {
            return false;
        }
        int nameEnd = questionEnd - 4;
        for (int i = HEADER_BYTES; i < nameEnd; i++) {
            if (lower(u8(memory, offset + i)) != lower(u8(other, otherOffset + i))) {
                return false;
            }
        }
        return i32(memory, offset + nameEnd) == i32(other, otherOffset + nameEnd);
    }

    /** A label's length is at most 63 and so no letter. */
    private static int lower(int octet) {
        return octet >= 'A' && octet <= 'Z' ? octet + ('a' - 'A') : octet;
    }

    /** Where in the message the OPT record begins; 0: it has none; -1: its records are malformed. */
    int findOpt() {
        int records = u16(memory, offset + 6) + u16(memory, offset + 8);
        int additional = u16(memory, offset + 10);
        int found = 0;
        int at = questionEnd;
        for (int i = 0; i < records + additional; i++) {
            int nameEnd = skipName(at, true);
            if (nameEnd < 0 || nameEnd + RECORD_BYTES > length) {
                return -1;
            }
            if (i >= records && nameEnd == at + 1 && u16(memory, offset + nameEnd) == OPT) {
                found = at;
            }
            at = nameEnd + RECORD_BYTES + u16(memory, offset + nameEnd + 8);
            if (at > length) {
                return -1;
            }
        }
        return found;
    }

    /** What the sender takes by UDP, as its OPT record says, at least 512 bytes. */
    int udpBytes(int opt) {
        return Math.max(MIN_UDP_BYTES, u16(memory, offset + opt + 3));
    }

    /** Whether the sender wants signatures, as its OPT record says. */
    boolean isDnssecOk(int opt) {
        return (u16(memory, offset + opt + 7) & DNSSEC_OK) != 0;
    }

    /**
     * Leaves nothing but header, question and OPT, and sets TC, so that the client asks again by TCP (RFC 2181 section
     * 9, RFC 6891 section 7).
     *
     * @param most bytes that may be left, at least {@link #MIN_UDP_BYTES}
     * @return bytes that are left
     */
    int truncate(int most) {
        int opt = findOpt();
        int optBytes = opt <= 0 ? 0 : OPT_BYTES + u16(memory, offset + opt + OPT_BYTES - 2);
        if (optBytes > 0 && questionEnd + optBytes <= most) {
            MemorySegment.copy(memory, offset + opt, memory, offset + questionEnd, optBytes);
        } else {
            optBytes = 0;
        }
        putU16(memory, offset + 2, u16(memory, offset + 2) | TRUNCATED);
        putCounts(memory, offset, questions(), optBytes > 0);
        return questionEnd + optBytes;
    }

    /**
     * Makes an answer without records out of a query's header and question.
     *
     * @param questionEnd bytes of both; there is room for {@link #OPT_BYTES} more
     * @param flags {@link #TRUNCATED} or a response code
     * @param withOpt whether the query had an OPT record: then the answer has one (RFC 6891 section 6.1.1)
     * @return its bytes
     */
    static int makeAnswer(MemorySegment memory, long offset, int questionEnd, int flags, boolean withOpt,
                          boolean dnssecOk) {
        int echoed = u16(memory, offset + 2) & ECHOED_FLAGS;
        putU16(memory, offset + 2, RESPONSE | RECURSION_AVAILABLE | echoed | flags);
        putCounts(memory, offset, 1, withOpt);
        if (!withOpt) {
            return questionEnd;
        }
        long opt = offset + questionEnd;
        putU8(memory, opt, 0);
        putU16(memory, opt + 1, OPT);
        putU16(memory, opt + 3, OWN_UDP_BYTES);
        putI32(memory, opt + 5, dnssecOk ? DNSSEC_OK : 0);
        putU16(memory, opt + 9, 0);
        return questionEnd + OPT_BYTES;
    }

    private static void putCounts(MemorySegment memory, long offset, int questions, boolean withOpt) {
        putU16(memory, offset + 4, questions);
        putU16(memory, offset + 6, 0);
        putU16(memory, offset + 8, 0);
        putU16(memory, offset + 10, withOpt ? 1 : 0);
    }

    /** Where a name ends, or far below 0 if it does not. A pointer (RFC 1035 section 4.1.4) ends it too, if allowed. */
    private int skipName(int from, boolean mayPoint) {
        int at = from;
        while (at < length && at - from < MAX_QUESTION_BYTES - 4) {
            int label = u8(memory, offset + at);
            if (label == 0) {
                return at + 1;
            }
            if (label >= POINTER && mayPoint) {
                return at + 2;
            }
            if (label > MAX_LABEL_BYTES) {
                return Integer.MIN_VALUE;
            }
            at += 1 + label;
        }
        return Integer.MIN_VALUE;
    }
}
