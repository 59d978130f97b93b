package wireleap.tun.routes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EntityTagTest {
    private static final String PRESENT = EntityTag.of(0xbeef, 7);

    @Test
    void tagIsQuoted() {
        assertEquals("\"0000beef-7\"", PRESENT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"*", " * ", "\"0000beef-7\"", "\"a\", \"0000beef-7\"", "\"0000beef-7\",\"a\"",
            ",, \"0000beef-7\" ,", "\"a,b\",\"0000beef-7\"", "W/\"0000beef-7\", \"0000beef-7\"", "\"\",\"0000beef-7\""})
    void matches(String ifMatch) {
        assertTrue(EntityTag.matches(ifMatch, PRESENT));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\"\"", "\"0000beef-8\"", "0000beef-7", "W/\"0000beef-7\"", "w/\"0000beef-7\"",
            "\"0000beef-7", "\"x\" \"0000beef-7\"", "x, \"0000beef-7\"", "**", "\"*\"", "\"a\"b, \"0000beef-7\""})
    void doesNotMatch(String ifMatch) {
        assertFalse(EntityTag.matches(ifMatch, PRESENT));
    }
}
