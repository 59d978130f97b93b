package wireleap.tun.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** This very program once more, as a daemon in a namespace: a process of its own, its log in a file. */
final class DaemonProcess {
    private static final int PATIENCE_SECONDS = 5;

    private final Process process;
    private final Path log;

    private DaemonProcess(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /** Starts it; the namespace ends it at the latest. */
    static DaemonProcess start(Namespace in, Path log, List<String> command) throws IOException, InterruptedException {
        var builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        return new DaemonProcess(in.start(builder), log);
    }

    /** Whether it runs. */
    boolean isAlive() {
        return process.isAlive();
    }

    /** Asks it to end by SIGTERM. @throws DemoException when it does not, or says that it failed */
    void stop() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new DemoException("the daemon does not end within " + PATIENCE_SECONDS + " s of SIGTERM");
        }
        if (process.exitValue() != 0) {
            throw new DemoException("the daemon ended with exit code " + process.exitValue());
        }
    }

    /** What it has printed. */
    String log() throws IOException {
        return Files.readString(log);
    }
}
