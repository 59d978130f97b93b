package wireleap.tun.routes;

/** The kernel refused a route or a rule; what had been done was undone: the API's 500. */
public final class RouteRefusedException extends Exception {
    private static final long serialVersionUID = 1;

    /** @param message what was asked for, in the words of ip, and the kernel's answer */
    public RouteRefusedException(String message) {
        super(message);
    }

    /**
     * @param message what was asked for, in the words of ip, and the kernel's answer
     * @param cause what failed below
     */
    public RouteRefusedException(String message, Throwable cause) {
        super(message, cause);
    }
}
