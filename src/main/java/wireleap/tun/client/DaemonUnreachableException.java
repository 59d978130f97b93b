package wireleap.tun.client;

import java.io.IOException;

/** No connection to the daemon: its message says what was tried, for how long, and what to do. */
public final class DaemonUnreachableException extends IOException {
    private static final long serialVersionUID = 1;

    DaemonUnreachableException(String message, Throwable cause) {
        super(message, cause);
    }
}
