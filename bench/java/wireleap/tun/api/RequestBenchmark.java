package wireleap.tun.api;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What does a request cost on a connection that stands, client included: a look at the state, a change of the list? */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class RequestBenchmark {
    private TestApi api;
    private RawClient client;

    @Setup
    public void start() throws IOException {
        api = TestApi.open();
        client = api.connect();
    }

    @TearDown
    public void stop() throws IOException {
        client.close();
        api.close();
    }

    @Benchmark
    public Object state() throws IOException {
        return client.get("/state").answer();
    }

    @Benchmark
    public Object replaceOneEntry() throws IOException {
        return client.request("PUT", "/bypass", "[\"198.51.100.7\"]").answer();
    }
}
