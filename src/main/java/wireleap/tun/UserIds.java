package wireleap.tun;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import wireleap.tun.cli.ConfigException;

/** The users of {@code --bypass-user}: names of passwd(5) or numbers. */
final class UserIds {
    private static final Path PASSWD = Path.of("/etc/passwd");
    /** 2^32 - 1 means "no user" to the kernel. */
    private static final long MAX = 0xffff_fffeL;

    private UserIds() {
    }

    /** @throws ConfigException if a name is unknown or a number out of range */
    static List<Long> parse(List<String> users) {
        return users.stream().map(String::strip).filter(user -> !user.isEmpty()).map(UserIds::parse).toList();
    }

    private static long parse(String user) {
        if (!user.matches("[0-9]{1,18}")) {
            return named(user);
        }
        long id = Long.parseLong(user);
        if (id > MAX) {
            throw new ConfigException("--bypass-user " + user + ": a user's number is from 0 to " + MAX);
        }
        return id;
    }

    private static long named(String name) {
        try (Stream<String> lines = Files.lines(PASSWD, StandardCharsets.ISO_8859_1)) {
            return lines.map(line -> line.split(":"))
                    .filter(fields -> fields.length > 2 && fields[0].equals(name) && fields[2].matches("[0-9]{1,10}"))
                    .mapToLong(fields -> Long.parseLong(fields[2])).findFirst()
                    .orElseThrow(() -> new ConfigException("--bypass-user " + name + ": no such user in " + PASSWD
                            + "; if another service knows it, give its number (id -u " + name + ")"));
        } catch (IOException e) {
            throw new ConfigException("--bypass-user " + name + ": " + PASSWD + " cannot be read; give the number");
        }
    }
}
