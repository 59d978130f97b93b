package wireleap.tun.testing;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** As many programs as this machine has cores, each of which never rests. */
public final class BusyCores implements AutoCloseable {
    private final List<Process> loops = new ArrayList<>();

    /** Starts them. */
    public BusyCores() throws IOException {
        for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
            loops.add(new ProcessBuilder("sh", "-c", "while :; do :; done").start());
        }
    }

    @Override
    public void close() {
        loops.forEach(Process::destroyForcibly);
    }
}
