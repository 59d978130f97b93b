package wireleap.tun;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class BrokerNewsTest {
    @Test
    void aBrokersTextStaysOnItsLine() {
        assertEquals("a b [31m c", BrokerNews.printable("a\nb\u001b[31m\u0000c"));
    }

    @Test
    void aBrokersTextHasAnEnd() {
        assertEquals("x".repeat(300) + "...", BrokerNews.printable("x".repeat(1 << 20)));
    }
}
