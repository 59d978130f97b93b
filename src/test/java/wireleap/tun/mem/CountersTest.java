package wireleap.tun.mem;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class CountersTest {
    private final Counters counters = new Counters();

    @Test
    void amountsAddUp() {
        counters.add(Counter.BYTES_IN, 1_500);
        counters.increment(Counter.BYTES_IN);
        assertEquals(1_501, counters.value(Counter.BYTES_IN));
    }

    @Test
    void countersAreApart() {
        counters.increment(Counter.PACKETS_IN);
        assertEquals(0, counters.value(Counter.PACKETS_OUT));
    }
}
