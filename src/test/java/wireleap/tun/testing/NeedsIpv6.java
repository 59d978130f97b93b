package wireleap.tun.testing;

import java.io.IOException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Needs ::1 on loopback, which many containers lack: skipped there with that reason, a failure where CI=true. */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(NeedsIpv6.Condition.class)
public @interface NeedsIpv6 {
    /** Listens there once. */
    final class Condition implements ExecutionCondition {
        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            return Requirement.of(listens(), "IPv6 on loopback");
        }

        private static boolean listens() {
            try (var socket = new ServerSocket(0, 1, InetAddress.ofLiteral("::1"))) {
                return socket.isBound();
            } catch (IOException e) {
                return false;
            }
        }
    }
}
