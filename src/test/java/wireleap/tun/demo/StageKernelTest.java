package wireleap.tun.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsRoot;
import wireleap.tun.testing.TestNet;

@NeedsRoot
@Timeout(20)
class StageKernelTest {
    private Stage stage;

    @BeforeEach
    void open() throws Exception {
        stage = Stage.open();
    }

    @AfterEach
    void close() {
        stage.close();
    }

    @ParameterizedTest
    @EnumSource
    void withoutADaemonTheServersSeeTheComputer(Fetch fetch) throws Exception {
        for (var side : Side.values()) {
            assertEquals(side.computer(), Side.text(stage.inside().call(() -> fetch.from(side.mirror()))));
        }
    }

    @Test
    @NeedsProgram("ip")
    void whatIsLeftBehindIsNoticed() throws Exception {
        var before = Traces.of(stage.inside());
        before.assertSame(Traces.of(stage.inside()));
        TestNet.output(stage.inside(), "ip", "rule", "add", "pref", "7", "lookup", "7");
        var now = Traces.of(stage.inside());
        assertThrows(DemoException.class, () -> before.assertSame(now));
    }

    @Test
    void closingTwiceLeavesNothing() {
        assertTrue(Files.exists(stage.directory()));
        stage.close();
        stage.close();
        assertFalse(Files.exists(stage.directory()));
    }
}
