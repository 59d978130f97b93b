package wireleap.tun.dns;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** DNS messages as clients and servers write them (RFC 1035 section 4.1). */
public final class Messages {
    private static final int TXT = 16;

    private Messages() {
    }

    /** A query for TXT, with RD. */
    public static byte[] query(int id, String name) {
        byte[] encoded = encoded(name);
        return ByteBuffer.allocate(16 + encoded.length).putShort((short) id).putShort((short) 0x0100)
                .putShort((short) 1).putShort((short) 0).putInt(0).put(encoded).putShort((short) TXT)
                .putShort((short) 1).array();
    }

    /** The same with an OPT record that says what its sender takes, with DO and with padding (RFC 7830). */
    public static byte[] query(int id, String name, int udpBytes, int paddingBytes) {
        byte[] plain = query(id, name);
        byte[] query = Arrays.copyOf(plain, plain.length + 15 + paddingBytes);
        ByteBuffer.wrap(query).putShort(10, (short) 1).position(plain.length).put((byte) 0).putShort((short) 41)
                .putShort((short) udpBytes).putInt(0x8000).putShort((short) (4 + paddingBytes)).putShort((short) 12)
                .putShort((short) paddingBytes);
        return query;
    }

    private static byte[] encoded(String name) {
        ByteArrayOutputStream encoded = new ByteArrayOutputStream();
        for (String label : name.split("\\.")) {
            encoded.write(label.length());
            encoded.writeBytes(label.getBytes(StandardCharsets.US_ASCII));
        }
        encoded.write(0);
        return encoded.toByteArray();
    }

    /** The question's bytes of a query. */
    private static byte[] question(byte[] query) {
        int end = 12;
        while (query[end] != 0) {
            end += 1 + query[end];
        }
        return Arrays.copyOfRange(query, 12, end + 5);
    }

    /** An answer with one TXT record of so much data, and with an OPT record if the query has one. */
    public static byte[] answer(byte[] query, int dataBytes) {
        byte[] question = question(query);
        boolean withOpt = query.length > 12 + question.length;
        ByteBuffer answer = ByteBuffer.allocate(12 + question.length + 12 + dataBytes + (withOpt ? 11 : 0));
        answer.put(query, 0, 2).putShort((short) 0x8180).putShort((short) 1).putShort((short) 1).putShort((short) 0)
                .putShort((short) (withOpt ? 1 : 0)).put(question);
        answer.putShort((short) 0xc00c).putShort((short) TXT).putShort((short) 1).putInt(60)
                .putShort((short) dataBytes).position(answer.position() + dataBytes);
        if (withOpt) {
            answer.put((byte) 0).putShort((short) 41).putShort((short) 4096).putInt(0x8000).putShort((short) 0);
        }
        return answer.array();
    }

    /** A message behind its length, as it goes over TCP (RFC 7766 section 8). */
    public static byte[] framed(byte[] message) {
        return ByteBuffer.allocate(2 + message.length).putShort((short) message.length).put(message).array();
    }

    /** The 16 bits at a place of a message: 0 the ID, 2 the flags, 4 to 10 the counts. */
    public static int u16(byte[] message, int at) {
        return ByteBuffer.wrap(message).getShort(at) & 0xffff;
    }
}
