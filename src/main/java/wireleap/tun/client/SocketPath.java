package wireleap.tun.client;

import java.nio.file.Path;
import java.util.Map;

/** Where the control socket lies unless somebody says otherwise: the same rule for the daemon and for those who ask it. */
public final class SocketPath {
    private static final String NAME = "wireleap_tun.sock";
    private static final String RUN = "/run/wireleap_tun";

    private SocketPath() {
    }

    /** {@code wireleap_tun.sock} in $WIRELEAP_HOME, else in $RUNTIME_DIRECTORY (systemd.exec(5)), else in /run/wireleap_tun. */
    public static Path usual(Map<String, String> environment) {
        for (var name : new String[] {"WIRELEAP_HOME", "RUNTIME_DIRECTORY"}) {
            var directory = environment.get(name);
            if (directory != null && !directory.isEmpty()) {
                // systemd lists several directories separated by colons; the first is as good as any.
                return Path.of(directory.split(":")[0], NAME);
            }
        }
        return Path.of(RUN, NAME);
    }
}
