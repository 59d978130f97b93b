package wireleap.tun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ControllerCommandTest {
    private static final Map<String, String> USUAL = Map.of("WIRELEAP_HOME", "/home/me/wireleap", "WIRELEAP_ADDR_H2C",
            "127.0.0.1:13490/broker", "WIRELEAP_ADDR_TUN", "10.13.49.0:13492", "WIRELEAP_ADDR_SOCKS", "127.0.0.1:13491");

    private static Map<String, String> with(String name, String value) {
        Map<String, String> environment = new HashMap<>(USUAL);
        environment.put(name, value);
        return environment;
    }

    @Test
    void theUpstreamIsTheBroker() {
        assertEquals("h2c://127.0.0.1:13490/broker", ControllerCommand.options(USUAL).upstream());
    }

    @Test
    void theSocketIsInTheHome() {
        assertEquals(Path.of("/home/me/wireleap/wireleap_tun.sock"),
                ControllerCommand.options(USUAL).socket().orElseThrow());
    }

    @Test
    void postReplaces() {
        assertTrue(ControllerCommand.options(USUAL).postReplaces());
    }

    @ParameterizedTest
    @CsvSource({"10.13.49.0:13492, 10.13.49.0", "[fd00::2]:13492, fd00::2"})
    void theTunsAddressHasNoPort(String given, String address) {
        assertEquals(List.of(address), ControllerCommand.options(with("WIRELEAP_ADDR_TUN", given)).tunAddresses());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "10.13.49.0", "fd00::2:13492", ":13492", "10.13.49.0:"})
    void anAddressOfAnotherFormIsTold(String given) {
        var refusal = assertThrows(ConfigException.class,
                () -> ControllerCommand.options(with("WIRELEAP_ADDR_TUN", given)));
        assertTrue(refusal.getMessage().endsWith("WIRELEAP_ADDR_TUN is '" + given + "'"), refusal.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"WIRELEAP_HOME", "WIRELEAP_ADDR_H2C", "WIRELEAP_ADDR_TUN"})
    void withoutOneOfItsVariablesNoControllerIsMeant(String name) {
        Map<String, String> environment = new HashMap<>(USUAL);
        environment.remove(name);
        assertFalse(ControllerCommand.isMeant(environment));
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "2147483648", "0x0", ""})
    void aUserOutOfRangeIsRefused(String user) {
        Invocation invocation = Invocation.of("controlled", user, "0", "/");
        assertEquals(2, invocation.code(), invocation.err());
    }
}
