package wireleap.tun.demo;

/** A step of the demo that did not go as it should. The message says which and how. */
final class DemoException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    DemoException(String message) {
        super(message);
    }
}
