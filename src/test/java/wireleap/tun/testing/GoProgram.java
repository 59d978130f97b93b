package wireleap.tun.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/** Programs in Go, built when they are wanted. */
public final class GoProgram {
    private static final Pattern VERSION = Pattern.compile("go1\\.(\\d+)");
    /** The first with HTTP/2 in clear text. */
    private static final int FIRST_MINOR = 24;

    private GoProgram() {
    }

    /**
     * Builds a program into the net's directory. The test is skipped where there is no Go, or an older one, or what the
     * program needs cannot be had.
     *
     * @param module a directory of {@code src/test/go}
     * @param program what to build there: a file or a package
     */
    public static Path build(TestNet net, String module, String program) throws IOException, InterruptedException {
        var go = Requirement.program("go");
        var version = VERSION.matcher(go.isEmpty() ? "" : output(go.get().toString(), "version"));
        Requirement.assume(version.find() && Integer.parseInt(version.group(1)) >= FIRST_MINOR,
                "the program go, version 1." + FIRST_MINOR + " or later");
        var built = net.directory().resolve(module);
        String said = output(go.get().toString(), "build", "-C", Path.of("src", "test", "go", module).toString(), "-o",
                built.toString(), program);
        Requirement.assume(Files.exists(built), "what go needs to build " + module + ": " + said);
        return built;
    }

    /** What it prints; in the machine's own namespace, where modules may come from. */
    private static String output(String... command) throws IOException, InterruptedException {
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return said;
    }
}
