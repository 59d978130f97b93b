package wireleap.tun.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class DnsMessageTest {
    // dig 9.18 @127.0.0.1 -p PORT example.org +nocookie +dnssec +qid=4660
    private static final byte[] DIG = HexFormat.of().parseHex(
            "123401200001000000000001076578616d706c65036f7267000001000100002904d0000080000000");
    private static final int QUESTION_END = 29;

    private final DnsMessage message = new DnsMessage();

    private boolean wrap(byte[] bytes) {
        return message.wrap(MemorySegment.ofArray(bytes), 0, bytes.length);
    }

    /** The query with another byte at a place. */
    private static byte[] changed(int at, int value) {
        byte[] bytes = DIG.clone();
        bytes[at] = (byte) value;
        return bytes;
    }

    @Test
    void aQueryIsRead() {
        assertTrue(wrap(DIG) && message.isQuery());
        int opt = message.findOpt();
        assertEquals(List.of(0x1234, QUESTION_END, QUESTION_END, 1232, true),
                List.of(message.id(), message.questionEnd(), opt, message.udpBytes(opt), message.isDnssecOk(opt)));
    }

    @Test
    void theLeastAndTheMostThatANameMayHave() {
        assertTrue(wrap(Messages.query(1, "")));
        String longest = String.join(".", "x".repeat(63), "x".repeat(63), "x".repeat(63), "x".repeat(61));
        assertTrue(wrap(Messages.query(1, longest)) && message.isQuery());
        assertEquals(DnsMessage.HEADER_BYTES + DnsMessage.MAX_QUESTION_BYTES, message.questionEnd());
        assertFalse(wrap(Messages.query(1, longest + "y")));
    }

    @Test
    void aPointerInTheQuestionIsNone() {
        assertFalse(wrap(changed(12, 0xc0)));
    }

    @Test
    void aLabelOfAKindThatIsNotThereIsNone() {
        assertFalse(wrap(changed(12, 0x40)));
    }

    @Test
    void twoQuestionsAreNone() {
        assertFalse(wrap(changed(5, 2)));
    }

    @Test
    void whatIsCutAnywhereIsNoQuery() {
        for (int length = 0; length < DIG.length; length++) {
            assertFalse(wrap(Arrays.copyOf(DIG, length)) && message.isQuery(), "" + length);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {7, 9, 11})
    void recordsThatAreNotThereMakeItNoQuery(int count) {
        assertFalse(wrap(changed(count, 2)) && message.isQuery());
    }

    @Test
    void anOptRecordWithANameIsNone() {
        byte[] named = Arrays.copyOf(DIG, DIG.length + 1);
        System.arraycopy(DIG, QUESTION_END, named, QUESTION_END + 1, DIG.length - QUESTION_END);
        named[QUESTION_END] = (byte) 0xc0;
        named[QUESTION_END + 1] = 12;
        assertTrue(wrap(named) && message.isQuery());
        assertEquals(0, message.findOpt());
    }

    @Test
    void anAnswerKeepsOpcodeRecursionDesiredAndCheckingDisabled() {
        MemorySegment memory = MemorySegment.ofArray(Arrays.copyOf(changed(2, 0x29), 64));
        memory.set(ValueLayout.JAVA_BYTE, 3, (byte) 0x7f);
        int length = DnsMessage.makeAnswer(memory, 0, QUESTION_END, DnsMessage.SERVER_FAILURE, true, true);
        assertTrue(message.wrap(memory, 0, length) && message.isResponse());
        byte[] answer = memory.toArray(ValueLayout.JAVA_BYTE);
        assertEquals(List.of(0xa992, 1, 0, 0, 1), List.of(Messages.u16(answer, 2), Messages.u16(answer, 4),
                Messages.u16(answer, 6), Messages.u16(answer, 8), Messages.u16(answer, 10)));
        assertTrue(message.isDnssecOk(message.findOpt()));
    }

    @Test
    void anOptThatDoesNotFitIsLeftOut() {
        byte[] answer = Messages.query(1, "example.org", 1232, 600);
        assertTrue(wrap(answer));
        assertEquals(QUESTION_END, message.truncate(512));
        assertEquals(0, Messages.u16(answer, 10));
    }

    /** Nothing throws, and what is taken for a query is answered within the room that a query of that kind has. */
    @Test
    void whateverBytesSayTheyAreReadWithinTheirBounds() {
        Random random = new Random(5);
        byte[][] seeds = {DIG, Messages.answer(DIG, 300), Messages.query(1, "a.b.c.d", 512, 40)};
        for (int i = 0; i < 300_000; i++) {
            byte[] bytes = Arrays.copyOf(seeds[i % seeds.length], 12 + random.nextInt(400));
            for (int change = random.nextInt(6); change > 0; change--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            if (wrap(bytes)) {
                assertTrue(message.findOpt() < bytes.length);
                assertTrue(message.truncate(512) <= bytes.length);
            }
        }
    }
}
