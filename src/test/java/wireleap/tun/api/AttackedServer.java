package wireleap.tun.api;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import wireleap.tun.events.EventLog;

/** A process with nothing but the API, over a list in memory: what is to be attacked. Ends with its standard input. */
final class AttackedServer {
    private AttackedServer() {
    }

    /** @param args the socket */
    public static void main(String[] args) throws IOException {
        Sources sources = new Sources(() -> Map.of("state", "active"), Map::of, new EventLog(), new ListedFlows(),
                address -> {
                    throw new AssertionError(address);
                });
        try (var server = ApiServer.start(new ApiSettings(Path.of(args[0]), Optional.empty(), false, "1.2.3", false),
                new MemoryControl(), sources)) {
            System.out.println("ready");
            System.out.flush();
            System.in.readAllBytes();
        }
    }
}
