package wireleap.tun.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import wireleap.tun.mem.Bytes;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.testing.CapturedLog;
import wireleap.tun.wire.Hex;

class FailuresTest {
    private static final int LAST = 1000;

    private final Counters counters = new Counters();
    private final Failures failures = new Failures(counters);
    private final CapturedLog log = new CapturedLog();

    @AfterEach
    void leaveTheLog() {
        log.close();
    }

    private void fail(Throwable failure) {
        failures.on("a test", failure);
    }

    private void failTurns(int count) {
        for (var i = 0; i < count; i++) {
            fail(new IllegalStateException("again"));
            failures.endOfTurn(false);
        }
    }

    @Test
    void everyFailureIsCounted() {
        failTurns(3);
        assertEquals(3, counters.value(Counter.INTERNAL_ERRORS));
    }

    @Test
    void aKindOfFailureIsLoggedOnce() {
        failTurns(3);
        assertEquals(1, log.text().split("a test failed", -1).length - 1, log.text());
    }

    @Test
    void anotherKindIsLoggedToo() {
        failTurns(2);
        fail(new AssertionError("other"));
        assertTrue(log.text().contains("AssertionError: other"), log.text());
    }

    @Test
    void aPacketThatFailsIsLoggedByItsHeadersAndNothingElse() {
        // virtio header; IP(src="10.0.0.1",dst="1.2.3.4",id=7)/ICMP()/b"abcdefg"
        var packet = Hex.memory("000000000000000000000000"
            + "450000230007000040016ccd0a00000101020304" + "0800549512340009" + "61626364656667");
        failures.onPacket(new IllegalStateException(), packet, 0, (int) packet.byteSize());
        assertTrue(log.text().contains("10.0.0.1 > 1.2.3.4 ICMP type 8 code 0, 7 bytes; headers "
            + "000000000000000000000000450000230007000040016ccd0a00000101020304"), log.text());
        assertFalse(log.text().contains("616263"), log.text());
    }

    @Test
    void manyFailuresInATurnAreOneFailedTurn() {
        for (var i = 0; i < 2 * LAST; i++) {
            fail(new IllegalStateException());
        }
        failures.endOfTurn(false);
    }

    @Test
    void turnAfterTurnThatFailsIsTheEnd() {
        failTurns(LAST - 1);
        var last = new IllegalStateException("the last");
        fail(last);
        assertSame(last, assertThrows(IllegalStateException.class, () -> failures.endOfTurn(false)).getCause());
    }

    @Test
    void oneGoodTurnBetweenIsEnoughToGoOn() {
        failTurns(LAST - 1);
        failures.endOfTurn(false);
        failTurns(LAST - 1);
    }

    @Test
    void turnsThatFailBecauseOfWhatComesFromOutsideAreNotTheEnd() {
        for (var i = 0; i < 2 * LAST; i++) {
            failures.onPacket(new IllegalStateException(), Hex.memory("00"), 0, 1);
            failures.endOfTurn(true);
        }
    }

    @Test
    void aTunThatCannotBeReadTurnAfterTurnIsTheEnd() {
        assertThrows(IllegalStateException.class, () -> {
            for (var i = 0; i < LAST; i++) {
                failures.onDevice(new IllegalStateException("read: EIO"));
                failures.endOfTurn(true);
            }
        });
    }

    @Test
    void aThousandFailuresOfAThousandPacketsAreToldOnce() {
        for (var i = 0; i < 1000; i++) {
            failures.onPacket(new IllegalStateException("packet " + i), Hex.memory("00"), 0, 1);
        }
        assertEquals(1, log.text().split("a packet is lost to a bug", -1).length - 1, log.text());
    }

    @Test
    void twoBugsThatEndInTheSameLineAreTwo() {
        fail(outOfBounds());
        fail(outOfBoundsElsewhere());
        assertEquals(2, log.text().split("a test failed", -1).length - 1, log.text());
    }

    private static Throwable outOfBounds() {
        return assertThrows(IndexOutOfBoundsException.class, () -> Bytes.u8(Hex.memory("00"), 1));
    }

    private static Throwable outOfBoundsElsewhere() {
        return assertThrows(IndexOutOfBoundsException.class, () -> Bytes.u8(Hex.memory("00"), 1));
    }

    @Test
    void aFailureThatCannotBeToldIsCountedAllTheSame() {
        fail(new IllegalStateException() {
            private static final long serialVersionUID = 1;

            @Override
            public StackTraceElement[] getStackTrace() {
                throw new OutOfMemoryError("of a test");
            }
        });
        assertEquals(2, counters.value(Counter.INTERNAL_ERRORS));
    }

    @Test
    void nothingOfAPacketIsToldBesideItsHeaders() {
        // virtio header; IP(src="10.13.49.0",dst="1.2.3.4",id=7)/UDP(sport=1234,dport=53)/b"hello"; a length that is wrong
        for (var packet : List.of("450000210007000040113bb30a0d31000102030404d20035000d77e868656c6c6f",
                "450000ff0007000040113bb30a0d31000102030404d20035000d77e868656c6c6f",
                "650000210007000040113bb30a0d31000102030404d20035000d77e868656c6c6f")) {
            var memory = Hex.memory("000000000000000000000000" + packet);
            failures.onPacket(new IllegalStateException(packet.substring(0, 8)), memory, 0, (int) memory.byteSize());
        }
        assertFalse(log.text().contains("68656c6c6f") || log.text().contains("hello"), log.text());
    }
}
