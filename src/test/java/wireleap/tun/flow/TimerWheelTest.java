package wireleap.tun.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Deadlines near and far. */
final class TimerWheelTest {
    private static final long TICK = 1 << 20;
    private static final long START = 123_456_789_000_000L;

    private final TimerWheel wheel = new TimerWheel(START);
    private long nowNanos = START;

    /** A timer that knows when it was wanted and when it came. */
    private final class Alarm implements Timer.Target {
        final Timer timer = new Timer(this);
        long wanted = Long.MAX_VALUE;
        final List<Long> fired = new ArrayList<>();

        void set(long deadline) {
            wanted = deadline;
            wheel.schedule(timer, deadline);
        }

        @Override
        public void onTimer(long now) {
            fired.add(now);
        }
    }

    private Alarm alarm(long delay) {
        Alarm alarm = new Alarm();
        alarm.set(START + delay);
        return alarm;
    }

    /** Goes on to a moment, waking only when the wheel asks for it. */
    private void goTo(long moment) {
        while (wheel.deadlineNanos() <= moment) {
            nowNanos = Math.max(nowNanos, wheel.deadlineNanos());
            wheel.advance(nowNanos);
        }
        nowNanos = moment;
        wheel.advance(nowNanos);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, TICK, 5_000_000, 63 * TICK, 64 * TICK, 65 * TICK, 200_000_000, 4095 * TICK, 4096 * TICK,
        4097 * TICK, 60_000_000_000L, (1L << 18) * TICK, 7_200_000_000_000L, ((1L << 24) - 1) * TICK,
        (1L << 24) * TICK, 100_000_000_000_000L})
    void firesAtTheDeadlineOrATickLater(long delay) {
        Alarm alarm = alarm(delay);
        goTo(START + delay + 2 * TICK);
        assertEquals(1, alarm.fired.size());
        long late = alarm.fired.getFirst() - alarm.wanted;
        assertTrue(late >= 0 && late <= 2 * TICK, "late by " + late);
    }

    @Test
    void deadlineInThePastFiresSoon() {
        Alarm alarm = alarm(-1_000_000_000L);
        goTo(START + 2 * TICK);
        assertEquals(1, alarm.fired.size());
    }

    @Test
    void cancelledTimerDoesNotFire() {
        Alarm alarm = alarm(50 * TICK);
        wheel.cancel(alarm.timer);
        goTo(START + 100 * TICK);
        assertEquals(0, alarm.fired.size());
    }

    @Test
    void wheelWithoutTimersHasNoDeadline() {
        Alarm alarm = alarm(5000 * TICK);
        wheel.cancel(alarm.timer);
        assertEquals(Long.MAX_VALUE, wheel.deadlineNanos());
    }

    @Test
    void scheduleByDoesNotPutOff() {
        Alarm alarm = alarm(10 * TICK);
        wheel.scheduleBy(alarm.timer, START + 1000 * TICK);
        goTo(START + 20 * TICK);
        assertEquals(1, alarm.fired.size());
    }

    @Test
    void scheduleByBringsForward() {
        Alarm alarm = alarm(1000 * TICK);
        wheel.scheduleBy(alarm.timer, START + 10 * TICK);
        goTo(START + 20 * TICK);
        assertEquals(1, alarm.fired.size());
    }

    @Test
    void timerMaySetItselfAgainWhileItFires() {
        int[] count = {0};
        Timer[] timer = new Timer[1];
        timer[0] = new Timer(now -> {
            count[0]++;
            wheel.schedule(timer[0], now + 10 * TICK);
        });
        wheel.schedule(timer[0], START + 10 * TICK);
        goTo(START + 1005 * TICK);
        assertTrue(count[0] > 85 && count[0] <= 100, "fired " + count[0]);
    }

    @Test
    void longSleepFiresAllThatWasDue() {
        List<Alarm> alarms = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            alarms.add(alarm(i * i * TICK));
        }
        wheel.advance(START + 2_000_000 * TICK);
        assertTrue(alarms.stream().allMatch(alarm -> alarm.fired.size() == 1));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void manyTimersSetAndCancelledAtRandomFireInTimeAndOnce(long seed) {
        Random random = new Random(seed);
        List<Alarm> alarms = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            alarms.add(new Alarm());
        }
        for (int step = 0; step < 20_000; step++) {
            Alarm alarm = alarms.get(random.nextInt(alarms.size()));
            switch (random.nextInt(4)) {
                case 0 -> goTo(nowNanos + (long) (random.nextDouble() * (1L << random.nextInt(36))));
                case 1 -> {
                    wheel.cancel(alarm.timer);
                    alarm.wanted = Long.MAX_VALUE;
                }
                default -> alarm.set(nowNanos + (long) (random.nextDouble() * (1L << random.nextInt(45))));
            }
            for (Alarm each : alarms) {
                boolean overdue = each.wanted < nowNanos - 2 * TICK;
                assertTrue(!overdue || !each.fired.isEmpty(), "seed " + seed + ", step " + step);
                if (!each.fired.isEmpty()) {
                    assertTrue(each.fired.size() == 1 && each.fired.getFirst() >= each.wanted, "seed " + seed);
                    each.fired.clear();
                    each.wanted = Long.MAX_VALUE;
                }
            }
        }
    }
}
