package wireleap.tun.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.jr.ob.JSON;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;
import wireleap.tun.testing.Upstream;

/** What the packaged daemon with a real TUN answers is what its own openapi.json says. */
@NeedsTun
@Timeout(30)
class OpenApiKernelTest {
    private static final Object STATE = Map.of("$ref", "#/components/schemas/State");

    @Test
    void theStateIsAsDocumented() throws Exception {
        try (TestNet net = TestNet.open()) {
            var api = Daemon.start(net, "--upstream", Upstream.OWN.open(net)).api();
            var matcher = new SchemaMatcher(JSON.std.mapFrom(api.read("/openapi.json").body()));
            Map<String, Object> state = JSON.std.mapFrom(api.read("/state").body());
            matcher.match(state, STATE, "/state");
            var documented = SchemaMatcher.object(SchemaMatcher.object(matcher.resolved(STATE)).get("properties"));
            assertEquals(documented.keySet(), state.keySet());
        }
    }
}
