package wireleap.tun.cli;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** The user's input is wrong. The message is one line that says what is wrong and what would be right. */
public final class ConfigException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ConfigException(String message) {
        super(message);
    }

    /** A file that an option names cannot be read: in words, what the JDK tells by an exception's class alone. */
    public static ConfigException unreadable(String option, Path file, IOException reason) {
        String why = switch (reason) {
            case NoSuchFileException absent -> "there is no such file";
            case AccessDeniedException denied -> "permission denied";
            case CharacterCodingException wrong -> "it is not UTF-8 text";
            default -> reason.getMessage();
        };
        return new ConfigException(option + " " + file + " cannot be read: " + why);
    }
}
