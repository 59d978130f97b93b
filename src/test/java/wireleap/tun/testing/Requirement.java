package wireleap.tun.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;

/** What a test needs of the machine, and what becomes of the test where that is missing. */
final class Requirement {
    private Requirement() {
    }

    /** Enabled when met; else disabled with what is missing, or an error where CI=true: there nothing is skipped. */
    static ConditionEvaluationResult of(boolean met, String what) {
        return of(met, what, "true".equals(System.getenv("CI")));
    }

    static ConditionEvaluationResult of(boolean met, String what, boolean nothingSkipped) {
        if (met) {
            return ConditionEvaluationResult.enabled("there is " + what);
        }
        if (nothingSkipped) {
            throw new AssertionError("needs " + what + ", and with CI=true no test may be skipped");
        }
        return ConditionEvaluationResult.disabled("needs " + what);
    }

    /** The same in the midst of a test, which ends here when it is not met. */
    static void assume(boolean met, String what) {
        Assumptions.assumeFalse(of(met, what).isDisabled(), "needs " + what);
    }

    /** Whether this process belongs to user id 0, by the owner of its own directory under /proc. */
    static boolean isRoot() {
        try {
            return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where a program is: in PATH, or where Debian keeps what PATH of an ordinary user lacks. */
    static Optional<Path> program(String name) {
        return Stream.of((System.getenv().getOrDefault("PATH", "") + ":/usr/sbin:/sbin").split(":"))
                .map(directory -> Path.of(directory, name)).filter(Files::isExecutable).findFirst();
    }
}
