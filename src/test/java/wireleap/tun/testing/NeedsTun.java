package wireleap.tun.testing;

import java.io.IOException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Needs root and a /dev/net/tun that opens: skipped elsewhere with that reason, a failure where CI=true. */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(NeedsTun.Condition.class)
public @interface NeedsTun {
    /** Opens the device once; that makes no interface. */
    final class Condition implements ExecutionCondition {
        private static final Path DEVICE = Path.of("/dev/net/tun");

        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            return Requirement.of(Requirement.isRoot() && opens(), "root and " + DEVICE);
        }

        private static boolean opens() {
            try (var device = FileChannel.open(DEVICE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                return device.isOpen();
            } catch (IOException e) {
                return false;
            }
        }
    }
}
