package wireleap.tun.cli;

import java.util.regex.Pattern;

/** Keeps users and passwords out of messages: whatever a user typed is shown without what stands before its last @. */
public final class Redaction {
    /** A scheme may be shown; everything from there to the last @ may be a secret. */
    private static final Pattern LOGIN = Pattern.compile("^(\\w+://)?.*@", Pattern.DOTALL);

    private Redaction() {
    }

    /** {@code socks5://...@host} for {@code socks5://user:password@host}; a text without @ as it is. */
    public static String of(String typed) {
        return LOGIN.matcher(typed).replaceFirst("$1...@");
    }
}
