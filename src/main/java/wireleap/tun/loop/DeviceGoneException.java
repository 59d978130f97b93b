package wireleap.tun.loop;

/** Somebody has deleted the TUN, and its routes went with it: what would go into it goes nowhere until the next start. */
public final class DeviceGoneException extends RuntimeException {
    private static final long serialVersionUID = 1;

    DeviceGoneException() {
        super("the TUN was deleted by somebody, and the routes into it went with it: what would go into it goes nowhere;"
            + " stop this daemon and start it again");
    }
}
