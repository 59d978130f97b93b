package wireleap.tun.routes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wireleap.tun.routes.RouteKeeperTest.claims;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import wireleap.tun.events.EventLog;
import wireleap.tun.policy.BypassSet;
import wireleap.tun.policy.Claim;
import wireleap.tun.policy.Device;
import wireleap.tun.policy.IpPrefix;
import wireleap.tun.policy.RoutePlan;
import wireleap.tun.policy.RoutePlan.Stage;
import wireleap.tun.policy.RouteSettings;

/** When others' changes are seen to, on a kernel in memory and by a clock that goes on as it is told. */
class LookoutTest {
    private static final Device TUN = new Device(9, "wltun0");
    private static final long MS = 1_000_000;

    private final FakeHost host = new FakeHost();
    private final List<String> told = new ArrayList<>();
    private final RouteListener listener = new RouteListener() {
        @Override
        public void bypassed(BypassSet added) {
            throw new AssertionError();
        }

        @Override
        public void failed(String reason) {
            told.add(reason);
        }

        @Override
        public void addressGone(IpPrefix address) {
            told.add(address + " is gone");
        }

        @Override
        public void waysChanged() {
            told.add("ways");
        }
    };
    private long nowNanos = 1_000_000 * MS;
    private int wakes;
    private final Lookout lookout = new Lookout(() -> nowNanos, listener, () -> wakes++);

    @BeforeEach
    void capture() throws Exception {
        KeptRoutes kept = new KeptRoutes(host, RoutePlan.nothing(RouteSettings.DEFAULT, BypassSet.EMPTY));
        kept.bringUp(TUN);
        kept.reach(kept.plan().with(TUN).at(Stage.CAPTURING));
        lookout.begin(new RouteRepair(kept, host, () -> nowNanos, listener, new EventLog()));
    }

    @Test
    void nothingIsDueBeforeSomethingIsHeard() {
        assertEquals(Long.MAX_VALUE, lookout.waitNanos());
    }

    @Test
    void whatIsChangedIsBackFiftyMillisecondsLater() throws Exception {
        takeAway();
        lookout.changed();
        lookout.tend();
        assertEquals(50 * MS, lookout.waitNanos());
        nowNanos += 50 * MS;
        lookout.tend();
        assertEquals(claims(Stage.CAPTURING), host.kernel);
        assertEquals(1, lookout.repairs());
        assertEquals(Long.MAX_VALUE, lookout.waitNanos());
    }

    /** Others change one thing after the other, soon after each other or not, and a look takes up to 150 ms. */
    @Test
    void whateverOthersDoWhenEachThingIsBackWithinHalfASecond() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<Claim> all = List.copyOf(host.kernel);
        long slowest = 0;
        for (int change = 0; change < 2_000; change++) {
            long lookNanos = random.nextInt(150) * MS;
            host.blind = () -> {
                nowNanos += lookNanos;
                return false;
            };
            host.kernel.remove(all.get(change % all.size()));
            long begin = nowNanos;
            lookout.changed();
            for (lookout.tend(); host.kernel.size() < all.size(); lookout.tend()) {
                nowNanos += lookout.waitNanos();
            }
            slowest = Math.max(slowest, nowNanos - begin);
            nowNanos += random.nextInt(800) * MS;
        }
        assertTrue(slowest <= 500 * MS, slowest / MS + " ms, seed " + seed);
        assertEquals(List.of(), lookout.troubles(), () -> "seed " + seed);
    }

    @Test
    void manyChangesWakeOnceAndAreLookedAtOnce() {
        for (int i = 0; i < 1_000; i++) {
            lookout.changed();
        }
        assertEquals(1, wakes);
        lookout.tend();
        nowNanos += 50 * MS;
        lookout.tend();
        assertEquals(1, host.looks - 1);
    }

    @Test
    void otherWaysAreToldOnceFiftyMillisecondsAfterTheFirst() {
        lookout.waysChanged();
        lookout.tend();
        nowNanos += 40 * MS;
        lookout.waysChanged();
        lookout.tend();
        assertEquals(List.of(), told);
        nowNanos += 10 * MS;
        lookout.tend();
        lookout.tend();
        assertEquals(List.of("ways"), told);
        assertEquals(Long.MAX_VALUE, lookout.waitNanos());
    }

    @Test
    void addressThatIsGoneIsToldAtOnce() {
        lookout.addressGone(IpPrefix.parse("192.0.2.1"));
        assertEquals(List.of("192.0.2.1 is gone"), told);
    }

    @Test
    void bugInLookingEndsThatAloneAndIsSaid() {
        host.blind = () -> {
            throw new IllegalStateException("a bug");
        };
        lookout.changed();
        lookout.tend();
        nowNanos += 50 * MS;
        lookout.tend();
        assertTrue(told.getFirst().contains("a bug"), told.toString());
        assertEquals(Long.MAX_VALUE, lookout.waitNanos());
    }

    @Test
    void lackOfMemoryInLookingIsATroubleUntilALookSucceeds() throws Exception {
        takeAway();
        host.blind = () -> {
            throw new OutOfMemoryError("a test");
        };
        lookout.changed();
        lookout.tend();
        nowNanos += 50 * MS;
        lookout.tend();
        assertTrue(lookout.troubles().getFirst().contains("OutOfMemoryError"), () -> lookout.troubles().toString());
        host.blind = () -> false;
        nowNanos += lookout.waitNanos();
        lookout.tend();
        assertEquals(claims(Stage.CAPTURING), host.kernel);
        assertEquals(List.of(), lookout.troubles());
    }

    @Test
    void whatIsHeardOnceItHasEndedIsOfNoConsequence() {
        lookout.end();
        lookout.changed();
        lookout.tend();
        assertEquals(Long.MAX_VALUE, lookout.waitNanos());
    }

    private void takeAway() {
        Claim any = host.kernel.iterator().next();
        host.kernel.remove(any);
    }
}
