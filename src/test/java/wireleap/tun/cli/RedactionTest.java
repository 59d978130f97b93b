package wireleap.tun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RedactionTest {
    @ParameterizedTest
    @CsvSource({
        "socks5://me:pw@192.0.2.1:1080, socks5://...@192.0.2.1:1080",
        "socks5://me:p@w@192.0.2.1, socks5://...@192.0.2.1",
        "socks5://me:p/w@192.0.2.1, socks5://...@192.0.2.1",
        "me:pw@192.0.2.1, ...@192.0.2.1",
        "'me:p w@192.0.2.1', ...@192.0.2.1",
        "me:pw@, ...@",
        "socks5://192.0.2.1, socks5://192.0.2.1"})
    void whatStandsBeforeTheLastAtIsHidden(String typed, String shown) {
        assertEquals(shown, Redaction.of(typed));
    }
}
