package wireleap.tun.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class MailboxTest {
    private static final LoopTask NOTHING = (stack, nowNanos) -> { };

    private final SimPoller poller = new SimPoller();
    private final Mailbox mailbox = new Mailbox(poller);

    private void fill() {
        for (var i = 0; i < Mailbox.SLOTS; i++) {
            assertTrue(mailbox.post(NOTHING));
        }
    }

    @Test
    void tasksComeOutInTheirOrder() {
        LoopTask first = (stack, nowNanos) -> { };
        LoopTask second = (stack, nowNanos) -> { };
        mailbox.post(first);
        mailbox.post(second);
        assertSame(first, mailbox.take());
        assertSame(second, mailbox.take());
        assertNull(mailbox.take());
    }

    @Test
    void eachTaskWakesThePoller() {
        mailbox.post(NOTHING);
        mailbox.post(NOTHING);
        assertEquals(2, poller.wakes.availablePermits());
    }

    @Test
    void aFullMailboxRefuses() {
        fill();
        assertFalse(mailbox.post(NOTHING));
    }

    @Test
    void aMailboxThatWasFullTakesAgain() {
        fill();
        mailbox.post(NOTHING);
        mailbox.take();
        assertTrue(mailbox.post(NOTHING));
        assertFalse(mailbox.post(NOTHING));
    }

    @Test
    void aClosedMailboxRefuses() {
        mailbox.close();
        assertFalse(mailbox.post(NOTHING));
    }
}
