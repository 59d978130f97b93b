package wireleap.tun.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class RequirementTest {
    @Test
    void programsAreFoundInThePath() {
        assertTrue(Requirement.program("sh").isPresent());
    }

    @Test
    void programsThatAreNotThereAreNotFound() {
        assertTrue(Requirement.program("no-such-program").isEmpty());
    }

    @Test
    void whatIsMissingIsNamed() {
        assertEquals("needs wings", Requirement.of(false, "wings", false).getReason().orElseThrow());
    }

    @Test
    void whatIsMissingFailsWhereNothingMayBeSkipped() {
        assertThrows(AssertionError.class, () -> Requirement.of(false, "wings", true));
    }
}
