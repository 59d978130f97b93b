package wireleap.tun;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wireleap.tun.testing.NeedsRoot;

@NeedsRoot
class TrainingKernelTest {
    @Test
    @Timeout(60)
    void whereANamespaceIsPermittedTheStartIsTrainedOnLinuxItself() throws Exception {
        assertEquals(Optional.empty(), new Training("1.2.3").run());
    }
}
