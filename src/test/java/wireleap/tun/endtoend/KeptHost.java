package wireleap.tun.endtoend;

import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import wireleap.tun.testing.HostState;
import wireleap.tun.testing.TestNet;
import wireleap.tun.testing.Upstream;

/** For tests that look at what daemons leave of the host: a net for each test, a proxy, and what was there before. */
abstract class KeptHost {
    TestNet net;
    String before;
    private String upstream;

    @BeforeEach
    void open() throws Exception {
        net = TestNet.open();
        upstream = Upstream.OWN.open(net);
        before = hostState();
    }

    @AfterEach
    void close() {
        net.close();
    }

    String hostState() throws Exception {
        return HostState.of(net.inside(), net.directory()).toString();
    }

    /** Those of a daemon by the proxy. */
    String[] options(String... more) {
        return Stream.concat(Stream.of("--upstream", upstream), Stream.of(more)).toArray(String[]::new);
    }
}
