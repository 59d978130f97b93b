package wireleap.tun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.cli.Invocation;
import wireleap.tun.policy.IpPrefix;

class ConfigTest {
    @TempDir
    private Path directory;

    /** What {@code run --upstream direct} and these options make, whatever else they are. */
    static Config config(String... options) {
        List<Config> made = new ArrayList<>();
        Invocation run = run(made, options);
        assertEquals("", run.err());
        return made.getFirst();
    }

    private static Invocation run(List<Config> made, String... options) {
        List<String> arguments = new ArrayList<>(List.of("run"));
        arguments.addAll(List.of(options));
        if (!arguments.contains("--upstream")) {
            arguments.addAll(List.of("--upstream", "direct"));
        }
        return Invocation.of(given -> {
            made.add(Config.of(given));
            return 0;
        }, arguments.toArray(String[]::new));
    }

    /** What these options are answered, without the program's name before it. */
    static String refusal(String... options) {
        Invocation run = run(new ArrayList<>(), options);
        assertEquals(2, run.code());
        assertEquals(1, run.err().lines().count());
        return run.err().strip().replaceFirst("^wireleap_tun: ", "");
    }

    private Path file(String... lines) throws IOException {
        return Files.write(directory.resolve("list"), List.of(lines));
    }

    @Test
    void theUsualValuesAreThoseOfTheDesign() {
        Config usual = config();
        assertEquals(13_488, usual.routes().ruleBase());
        assertEquals("wltun0", usual.routes().tunName());
        assertEquals(1500, usual.routes().mtu());
        assertEquals(64L << 20, usual.memoryBytes());
        assertEquals(16_384, usual.maxFlows());
        assertEquals(8, usual.spares());
        assertTrue(usual.echoReply());
        assertFalse(usual.earlyAccept());
        assertFalse(usual.postReplaces());
        assertTrue(usual.makeSocketDirectory());
    }

    @ParameterizedTest
    @CsvSource({"9.9.9.9, 9.9.9.9:53", "192.0.2.1:5353, 192.0.2.1:5353", "2001:db8::53, [2001:db8::53]:53",
        "[2001:db8::53], [2001:db8::53]:53", "[2001:db8::53]:5353, [2001:db8::53]:5353", "127.0.0.1:1, 127.0.0.1:1",
        "::ffff:9.9.9.9, 9.9.9.9:53"})
    void theResolverIsAnAddressWithAPort(String option, String understood) {
        assertEquals(understood, config("--dns", option).dns().toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "dns.example", "9.9.9.9:", "9.9.9.9:x", ":53", "9.9.9.9/32", "10.0.0.0/8", "[::1]5", "[]",
        "[9.9.9.9", "9.9.9", "fe80::1%eth0"})
    void whatIsNoResolverIsRefused(String option) {
        assertTrue(refusal("--dns", option).startsWith("--dns " + option + ": must be an address, with a port"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"0.0.0.0 | no server has such an address",
        "224.0.0.251 | no server has such an address", "[fe80::1]:53 | no server has such an address",
        "9.9.9.9:0 | the port 0: must be a number from 1 to 65535",
        "[::1]:65536 | the port 65536: must be a number from 1 to 65535"})
    void noServerIsThere(String option, String why) {
        assertEquals("--dns " + option + ": " + why, refusal("--dns", option));
    }

    @Test
    void queriesToLocalNetworksAreCapturedOnlyForAResolver() {
        assertTrue(config("--dns", "9.9.9.9").routes().capturesDns());
        assertFalse(config().routes().capturesDns());
        assertFalse(config().dns().isOn());
    }

    @Test
    void aSocketOfTheUsersChoiceMustHaveItsDirectory() {
        assertFalse(config("--socket", "/tmp/s").makeSocketDirectory());
    }

    @Test
    void anEmptyPathIsNoSocket() {
        assertTrue(refusal("--socket", "").startsWith("--socket: the path is empty"), refusal("--socket", ""));
    }

    @Test
    void theSocketsGroupIsTaken() {
        assertEquals(Optional.of("staff"), config("--socket-group", "staff").socketGroup());
    }

    @ParameterizedTest
    @CsvSource({"--mtu, 1279", "--mtu, 65536", "--mtu, x", "--mtu, ''", "--mtu, 1500.0", "--mtu, 99999999999",
        "--rule-base, 255", "--rule-base, 32755", "--rule-base, -1", "--queues, 0", "--queues, 17", "--queues, two", "--max-flows, 0", "--max-flows, 1048577",
        "--max-udp-sessions, 0", "--spares, -1", "--spares, 65"})
    void aNumberOutOfRangeIsRefusedWithTheRange(String option, String value) {
        assertTrue(refusal(option, value).matches(option + " " + value + ": must be a number from \\d+ to \\d+"),
                refusal(option, value));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1280", "65535", " 9000 "})
    void anMtuInRangeIsTaken(String value) {
        assertEquals(Integer.parseInt(value.strip()), config("--mtu", value).routes().mtu());
    }

    @ParameterizedTest
    @CsvSource({"4M, 4194304", "64m, 67108864", "1G, 1073741824", "64G, 68719476736", "5000K, 4194304",
        "4194304, 4194304"})
    void aSizeIsInWholeMebibytes(String size, long bytes) {
        assertEquals(bytes, config("--memory", size).memoryBytes());
    }

    @ParameterizedTest
    @ValueSource(strings = {"3M", "65G", "999999999999G", "0"})
    void aSizeOutOfRangeIsRefusedWithTheRange(String size) {
        assertEquals("--memory " + size + ": must be from 4M to 64G", refusal("--memory", size));
    }

    @ParameterizedTest
    @ValueSource(strings = {"64MB", "-1M", "1.5G", "", "many", "1000000000000"})
    void whatIsNoSizeIsRefusedWithAnExample(String size) {
        assertEquals("--memory " + size + ": must be a number of bytes, or one with K, M or G behind it, such as 64M",
                refusal("--memory", size));
    }

    @Test
    void eachQueueHasItsShareOfTheLeastMemory() {
        assertEquals(8 << 20, config("--memory", "8M", "--queues", "2").memoryBytes());
        assertEquals("--memory 11M: must be at least 4M for each of the 3 queues (--queues)",
                refusal("--memory", "11M", "--queues", "3"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"--max-flows", "--max-udp-sessions"})
    void eachQueueHasAFlowAndASession(String option) {
        assertEquals(option + " 3: must be a number from 4 to 1048576", refusal(option, "3", "--queues", "4"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "a/b", "a b", "sixteen-letters-", "tun%d", "all", "default"})
    void whatCannotNameADeviceIsRefused(String name) {
        assertEquals("--tun " + name + ": a device's name is 1 to 15 letters, digits, dots, dashes or underscores,"
                + " not all or default, such as wltun0", refusal("--tun", name));
    }

    @Test
    void icmpIsReplyOrDrop() {
        assertEquals("--icmp pong: must be reply or drop", refusal("--icmp", "pong"));
        assertFalse(config("--icmp", "DROP").echoReply());
    }

    @Test
    void bypassEntriesKeepTheirOrderAndCountOnce() {
        Config config = config("--bypass", "10.0.0.0/8, 2001:db8::1,,10.0.0.0/8", "--bypass", "192.0.2.1/32");
        assertEquals(List.of("10.0.0.0/8", "2001:db8::1", "192.0.2.1"),
                config.bypass().entries().stream().map(IpPrefix::toString).toList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.1/8", "0.0.0.0/0", "example.org", "fe80::1%eth0", "1.2.3"})
    void aWrongBypassEntryIsNamed(String entry) {
        String refusal = refusal("--bypass", "192.0.2.1," + entry);
        assertTrue(refusal.startsWith("--bypass: ") && refusal.contains(entry), refusal);
    }

    @Test
    void aBypassFileHasOneEntryALine() throws IOException {
        Config config = config("--bypass", "192.0.2.1", "--bypass-file",
                file("# ours", "", " 10.0.0.0/8 ", "2001:db8::1").toString());
        assertEquals(List.of("192.0.2.1", "10.0.0.0/8", "2001:db8::1"),
                config.bypass().entries().stream().map(IpPrefix::toString).toList());
    }

    @Test
    void aWrongLineOfABypassFileIsNumbered() throws IOException {
        Path file = file("# ours", "10.0.0.0/8", "nonsense");
        assertTrue(refusal("--bypass-file", file.toString()).startsWith("--bypass-file " + file + " line 3: "));
    }

    @Test
    void anAbsentBypassFileIsSaidToBeSo() {
        assertEquals("--bypass-file /nowhere/list cannot be read: there is no such file",
                refusal("--bypass-file", "/nowhere/list"));
    }

    @Test
    void moreEntriesThanThereMayBeAreRefused() throws IOException {
        String[] many = new String[65_537];
        for (int i = 0; i < many.length; i++) {
            many[i] = "10." + (i >> 16) + "." + (i >> 8 & 0xff) + "." + (i & 0xff);
        }
        assertTrue(refusal("--bypass-file", file(many).toString()).contains("65536"));
    }

    @Test
    void aBypassUserIsANumberOrAName() {
        assertEquals(List.of(0L, 4_294_967_294L), config("--bypass-user", "4294967294,root").routes().bypassUsers());
    }

    @Test
    void aUsersNumberEndsBelowTheOneThatMeansNobody() {
        assertEquals("--bypass-user 4294967295: a user's number is from 0 to 4294967294",
                refusal("--bypass-user", "4294967295"));
    }

    @Test
    void anUnknownUserIsNamed() {
        assertEquals("--bypass-user no:body: no such user in /etc/passwd; if another service knows it, give its number"
                + " (id -u no:body)", refusal("--bypass-user", "no:body"));
    }

    @Test
    void theTunsAddressesAreTakenByFamily() {
        var routes = config("--tun-address", "fd00::4,192.0.2.6").routes();
        assertEquals("192.0.2.6 fd00::4", routes.ipv4Address() + " " + routes.ipv6Address());
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.0/8", "0.0.0.0", "224.0.0.1", "fe80::1"})
    void anAddressThatNoTunCanHaveIsRefused(String address) {
        assertTrue(refusal("--tun-address", address).startsWith("--tun-address " + address + ": must be a single"),
                refusal("--tun-address", address));
    }
}
