package wireleap.tun.cli;

import java.nio.file.Path;
import java.time.Duration;
import picocli.CommandLine.Option;
import wireleap.tun.client.BypassClient;
import wireleap.tun.client.SocketPath;

/** Which daemon a command speaks to, and how long it waits for it. */
final class SocketOption {
    private static final long MAX_WAIT_SECONDS = 3600;

    @Option(names = "--socket", paramLabel = "PATH", description =
            "The daemon's control socket. Default: wireleap_tun.sock in $WIRELEAP_HOME, in $RUNTIME_DIRECTORY or in "
            + "/run/wireleap_tun.")
    Path socket;

    @Option(names = "--wait", paramLabel = "SECONDS", defaultValue = "15", description =
            "How long a daemon that does not answer yet is tried, 0 to 3600. Default: ${DEFAULT-VALUE}.")
    long waitSeconds;

    BypassClient client() {
        if (waitSeconds < 0 || waitSeconds > MAX_WAIT_SECONDS) {
            throw new ConfigException("--wait " + waitSeconds + ": must be a number from 0 to " + MAX_WAIT_SECONDS);
        }
        Path path = socket == null ? SocketPath.usual(System.getenv()) : socket;
        return new BypassClient(path).patience(Duration.ofSeconds(waitSeconds));
    }
}
