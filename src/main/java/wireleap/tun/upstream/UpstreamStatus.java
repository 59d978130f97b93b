package wireleap.tun.upstream;

/** What is known of an upstream as a whole, for the log and /state. */
public enum UpstreamStatus {
    /** Nothing was tried yet. */
    UNTRIED("untried"),
    /** It answers. Always so for {@code direct}. */
    UP("up"),
    /** It cannot be connected to, or answers nothing. */
    UNREACHABLE("unreachable"),
    /** It answers, but not in the protocol that was configured. */
    WRONG_PROTOCOL("speaks another protocol"),
    /** It wants a user and password and has been given none, or the wrong ones. */
    LOGIN_REFUSED("refuses the user or password");

    private final String text;

    UpstreamStatus(String text) {
        this.text = text;
    }

    /** The words for logs and state. */
    public String text() {
        return text;
    }
}
