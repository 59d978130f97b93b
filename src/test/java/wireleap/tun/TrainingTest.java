package wireleap.tun;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class TrainingTest {
    private static List<String> rehearsals() throws Exception {
        try (var files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith("wireleap_tun-train")).sorted().toList();
        }
    }

    /** Else an image would be made without its AOT cache, and only its log would say so. */
    @Test
    @Timeout(60)
    void aDaemonsLifeIsRehearsedWithoutPrivilegesAndLeavesNothing() throws Exception {
        List<String> before = rehearsals();
        new Training("1.2.3").run();
        assertEquals(before, rehearsals());
    }
}
