package wireleap.tun.routes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wireleap.tun.policy.IpPrefix;
import wireleap.tun.policy.RouteSettings;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsRoot;
import wireleap.tun.testing.TestNet;

/** A listener to the kernel that fails, as one without memory would. */
@NeedsRoot
@NeedsProgram("ip")
@Timeout(30)
class LinuxWatchKernelTest {
    private final BlockingQueue<String> told = new LinkedBlockingQueue<>();
    private final HostWatcher failing = new HostWatcher() {
        @Override
        public void changed() {
            if (!failed) {
                failed = true;
                throw new OutOfMemoryError("a test");
            }
            told.add("changed");
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
    private boolean failed;
    private TestNet net;
    private LinuxWatch watch;

    @BeforeEach
    void open() throws Exception {
        net = TestNet.open();
        watch = net.inside().call(() -> LinuxWatch.start(RouteSettings.DEFAULT, failing, 0));
        addRule(1);
    }

    @AfterEach
    void close() throws Exception {
        watch.close();
        net.close();
    }

    private void addRule(int number) throws Exception {
        TestNet.ip(net.inside(), List.of("rule add pref " + number + " lookup main"));
    }

    /** Devices of a new namespace may still have news of their own. */
    private void awaitChange() throws InterruptedException {
        String last = told.take();
        while (!last.equals("changed")) {
            last = told.take();
        }
    }

    @Test
    void afterAFailureAllMayHaveChangedAndItListensOn() throws Exception {
        awaitChange();
        assertEquals("ways", told.take());
        addRule(2);
        awaitChange();
    }

    @Test
    void whileItRestsAfterAFailureItIsClosedAtOnce() {
        assertTimeoutPreemptively(Duration.ofMillis(900), watch::close);
    }
}
