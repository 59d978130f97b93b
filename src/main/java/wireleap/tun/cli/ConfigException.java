package wireleap.tun.cli;

/** The user's input is wrong. The message is one line that says what is wrong and what would be right. */
public final class ConfigException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ConfigException(String message) {
        super(message);
    }
}
