package wireleap.tun.testing;

import java.io.IOException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Needs the C headers of Linux 6.1, which the bindings were made of, or of a later one: skipped elsewhere with that
 * reason, a failure where CI=true.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(NeedsKernelHeaders.Condition.class)
public @interface NeedsKernelHeaders {
    /** Reads their version. */
    final class Condition implements ExecutionCondition {
        private static final Path VERSION = Path.of("/usr/include/linux/version.h");
        private static final Pattern CODE = Pattern.compile("LINUX_VERSION_CODE (\\d+)");
        private static final int LINUX_6_1 = 6 << 16 | 1 << 8;

        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            return Requirement.of(version() >= LINUX_6_1, "the C headers of Linux 6.1 or later");
        }

        private static int version() {
            try {
                var code = CODE.matcher(Files.readString(VERSION));
                return code.find() ? Integer.parseInt(code.group(1)) : 0;
            } catch (IOException e) {
                return 0;
            }
        }
    }
}
