package wireleap.tun;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import wireleap.tun.mem.Counter;

/** A counter that no test looks at may count anything. */
final class CountersTest {
    @Test
    void everyCounterIsLookedAtByATestOfTheCore() throws Exception {
        Set<String> seen = ClassUses.under(Path.of("target", "test-classes")).stream()
                .filter(test -> !test.name().endsWith("KernelTest"))
                .flatMap(test -> test.members().stream())
                .collect(Collectors.toSet());
        assertEquals(List.of(), Stream.of(Counter.values())
                .filter(counter -> !seen.contains(Counter.class.getName() + "." + counter.name())).toList());
    }
}
