package wireleap.tun.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.Arrays;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/** Needs programs, such as {@code danted}: skipped with the absent ones' names, a failure where CI=true. */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(NeedsProgram.Condition.class)
public @interface NeedsProgram {
    /** The file names of the programs, looked for in PATH and where the system's administrator's programs are. */
    String[] value();

    /** Looks for each program. */
    final class Condition implements ExecutionCondition {
        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            var needed = AnnotationSupport.findAnnotation(context.getElement(), NeedsProgram.class);
            var absent = needed.stream().flatMap(a -> Arrays.stream(a.value()))
                    .filter(name -> Requirement.program(name).isEmpty()).toList();
            return Requirement.of(absent.isEmpty(), "the program " + String.join(", ", absent));
        }
    }
}
