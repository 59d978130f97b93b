package wireleap.tun;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class MainTest {
    @Test
    void versionIsTheOneOfTheBuild() {
        assertTrue(Main.versionOfBuild().matches("\\d+\\.\\d+\\.\\d+(-\\w+)?(\\+[0-9a-f]{12}(\\.dirty)?)?"), Main.versionOfBuild());
    }
}
