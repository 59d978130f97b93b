package wireleap.tun;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The program's entry. Exit codes: 0 done, 1 failed, 2 wrong usage. */
public final class Main {
    private Main() {
    }

    public static void main(String[] args) {
        String command = args.length == 1 ? args[0] : "";
        if (command.equals("version") || command.equals("train")) {
            System.out.println(version());
            return;
        }
        System.err.println("usage: wireleap_tun version");
        System.exit(2);
    }

    /** The version that this program was built as, such as {@code 0.1.0}. */
    static String version() {
        try (var in = Main.class.getResourceAsStream("version.txt")) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
