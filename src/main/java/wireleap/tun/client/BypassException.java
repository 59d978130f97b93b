package wireleap.tun.client;

import java.io.IOException;

/** The daemon refused a request; its list is as before. */
public final class BypassException extends IOException {
    private static final long serialVersionUID = 1;

    private final int code;
    private final String description;
    private final String cause;

    BypassException(int code, String description, String cause) {
        super(cause.isEmpty() ? description : description + ": " + cause);
        this.code = code;
        this.description = description;
        this.cause = cause;
    }

    /** The HTTP status, such as 404. */
    public int code() {
        return code;
    }

    /** What that status means, such as {@code resource not found}. */
    public String description() {
        return description;
    }

    /** What was wrong in this case, such as the index and text of a bad entry or the kernel's words; may be empty. */
    public String cause() {
        return cause;
    }
}
