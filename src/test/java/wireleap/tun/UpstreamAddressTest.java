package wireleap.tun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.cli.ConfigException;
import wireleap.tun.cli.Invocation;

class UpstreamAddressTest {
    private static UpstreamAddress.Socks5 socks5(String text) throws IOException {
        return assertInstanceOf(UpstreamAddress.Socks5.class, UpstreamAddress.parse(text));
    }

    private static String refusal(String text) {
        return assertThrows(ConfigException.class, () -> UpstreamAddress.parse(text)).getMessage();
    }

    @Test
    void directIsDirect() throws IOException {
        assertInstanceOf(UpstreamAddress.Direct.class, UpstreamAddress.parse("direct"));
    }

    @Test
    void anIpv4AddressIsMapped() throws IOException {
        assertEquals(0, socks5("socks5://192.0.2.1:1081").settings().hi());
        assertEquals(0xffff_c000_0201L, socks5("socks5://192.0.2.1:1081").settings().lo());
    }

    @Test
    void anIpv6AddressStandsInBrackets() throws IOException {
        assertEquals(0x2001_0db8_0000_0000L, socks5("socks5://[2001:db8::7]:1081").settings().hi());
        assertEquals(7, socks5("socks5://[2001:db8::7]:1081").settings().lo());
        assertEquals(1081, socks5("socks5://[2001:db8::7]:1081").settings().port());
    }

    @Test
    void aNameIsLookedUp() throws IOException {
        assertTrue(socks5("socks5://localhost").address().isLoopbackAddress());
    }

    @ParameterizedTest
    @ValueSource(strings = {"socks5://192.0.2.1", "socks5://192.0.2.1/", "SOCKS5://192.0.2.1", "socks5://192.0.2.1:"})
    void thePortIs1080UnlessGiven(String text) throws IOException {
        assertEquals(1080, socks5(text).settings().port());
    }

    @ParameterizedTest
    @CsvSource({
        "socks5://me:pw@192.0.2.1, me, pw",
        "socks5://me@192.0.2.1, me, ''",
        "socks5://me:@192.0.2.1, me, ''",
        "socks5://me:p:w@192.0.2.1, me, p:w",
        "socks5://m%40e:p%2Fw%25%3A@192.0.2.1, m@e, p/w%:",
        "socks5://me:a+b%2Bc@192.0.2.1, me, a+b+c",
        "socks5://m%C3%A9:%20@192.0.2.1, m\u00e9, ' '"})
    void userAndPasswordArePercentDecoded(String text, String user, String password) throws IOException {
        assertEquals(user, socks5(text).settings().user());
        assertEquals(password, socks5(text).settings().password());
    }

    @Test
    void itsTextShowsNeitherUserNorPassword() throws IOException {
        assertEquals("socks5://192.0.2.1:1080", socks5("socks5://me:pw@192.0.2.1").toString());
        assertEquals("socks5://[2001:db8::7]:1081", socks5("socks5://me:pw@[2001:db8::7]:1081").toString());
    }

    @Test
    void aConfigurationsTextShowsNoPassword() {
        assertFalse(ConfigTest.config("--upstream", "socks5://me:s3cr@192.0.2.1").toString().contains("s3cr"));
    }

    @ParameterizedTest
    @CsvSource({
        "http://192.0.2.1, 'must be socks5://[user:password@]HOST[:PORT], h2c://HOST:PORT/PATH or direct'",
        "192.0.2.1:1080, must be socks5://",
        "Direct, must be socks5://",
        "socks4://192.0.2.1, must be socks5://",
        "'', must be socks5://",
        "socks5://, must be socks5://",
        "socks5:192.0.2.1, the host is missing",
        "socks5://:1080, the host is missing",
        "socks5://192.0.2.1:x, malformed",
        "socks5://1.2.3, malformed",
        "socks5://2001:db8::7, malformed",
        "socks5://[2001:db8::7, brackets",
        "'socks5://192.0.2.1 ', must be socks5://",
        "socks5://192.0.2.1:0, must be 1..65535",
        "socks5://192.0.2.1:65536, must be 1..65535",
        "socks5://a.name.that.is.not.looked.up:65536, must be 1..65535",
        "socks5://192.0.2.1/path, nothing may follow the port",
        "socks5://192.0.2.1?x, nothing may follow the port",
        "socks5://192.0.2.1#x, nothing may follow the port",
        "socks5://:pw@192.0.2.1, a password is given but no user",
        "socks5://[fe80::1], link-local"})
    void whatIsWrongIsSaid(String text, String words) {
        String refusal = refusal(text);
        assertTrue(refusal.startsWith("--upstream " + text.replaceFirst("//.*@", "//...@") + ": ")
                && refusal.contains(words), refusal);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "me:s3cr@192.0.2.1",
        "socks5:me:s3cr@192.0.2.1",
        "http://me:s3cr@192.0.2.1",
        "socks5://me:s3cr@192.0.2.1:x",
        "socks5://me:s3cr@192.0.2.1/x",
        "socks5://me:s3cr@t@192.0.2.1",
        "socks5://me:s3cr%zz@192.0.2.1",
        "socks5://me:s3cr t@192.0.2.1",
        "socks5://me:s3cr/t@192.0.2.1",
        "socks5://me:s3cr@192.0.2.1:0"})
    void noRefusalShowsThePassword(String text) {
        assertFalse(refusal(text).contains("s3cr"), refusal(text));
    }

    /** A label may have 63 characters, so nobody is asked. */
    @Test
    void aHostWithoutAnAddressIsAFailureAndNamed() {
        String host = "x".repeat(64) + ".invalid";
        assertEquals("--upstream socks5://...@" + host + ": the host " + host + " has no address, or no resolver"
                + " answers yet; an address in place of the name needs none",
                assertThrows(IOException.class, () -> UpstreamAddress.parse("socks5://me:s3cr@" + host)).getMessage());
    }

    @Test
    void aLoginThatSocks5CannotCarryIsRefusedWithoutShowingIt() {
        String refusal = refusal("socks5://me:" + "s3cr".repeat(64) + "@192.0.2.1");
        assertTrue(refusal.contains("more than 255 bytes") && !refusal.contains("s3cr"), refusal);
    }

    @Test
    void aWrongUpstreamIsWrongUsage() {
        assertEquals(2, Invocation.of(options -> {
            Config.of(options);
            return 0;
        }, "run", "--upstream", "nonsense").code());
    }

    private static UpstreamAddress.H2c h2c(String text) throws IOException {
        return assertInstanceOf(UpstreamAddress.H2c.class, UpstreamAddress.parse(text));
    }

    @Test
    void aBrokerHasHostPortAndPath() throws IOException {
        assertEquals("127.0.0.1:13490 /broker", h2c("h2c://127.0.0.1:13490/broker").settings(0).authority() + " "
                + h2c("h2c://127.0.0.1:13490/broker").settings(0).path());
    }

    @Test
    void aBrokersIpv6AddressStandsInBrackets() throws IOException {
        assertEquals("[::1]:13490", h2c("h2c://[::1]:13490/broker").settings(0).authority());
        assertEquals(1, h2c("h2c://[::1]:13490/broker").settings(0).lo());
    }

    @ParameterizedTest
    @CsvSource({"h2c://192.0.2.1:80, /", "h2c://192.0.2.1:80/a/b%20c, /a/b%20c", "h2c://192.0.2.1:80/?a=b, /?a=b"})
    void aBrokersPathIsTakenAsItIs(String text, String path) throws IOException {
        assertEquals(path, h2c(text).path());
    }

    @ParameterizedTest
    @ValueSource(strings = {"h2c://192.0.2.1/broker", "h2c:///broker", "h2c://192.0.2.1:0/broker",
        "h2c://192.0.2.1:65536/broker", "h2c://me@192.0.2.1:80/broker", "h2c://192.0.2.1:80/broker#x"})
    void whatIsNoBrokerIsToldWhatOneIs(String text) {
        assertTrue(refusal(text).endsWith("a broker is h2c://HOST:PORT/PATH, such as h2c://127.0.0.1:13490/broker"));
    }

    @Test
    void aBrokersTextIsItsUri() throws IOException {
        assertEquals("h2c://127.0.0.1:13490/broker", h2c("H2C://127.0.0.1:13490/broker").toString());
    }
}
