package wireleap.tun.routes;

/** The daemon is stopping or has failed and takes no more changes: the API's 503. */
public final class ControlUnavailableException extends Exception {
    private static final long serialVersionUID = 1;

    /** @param message why, and what to do */
    public ControlUnavailableException(String message) {
        super(message);
    }
}
