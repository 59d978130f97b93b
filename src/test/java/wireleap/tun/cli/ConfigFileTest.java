package wireleap.tun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigFileTest {
    @TempDir
    private Path directory;
    private Path file;

    @BeforeEach
    void name() {
        file = directory.resolve("wireleap_tun.conf");
    }

    private Invocation run(String text, String... more) throws IOException {
        Files.writeString(file, text);
        List<String> arguments = new ArrayList<>(List.of("run", "--config", file.toString()));
        arguments.addAll(List.of(more));
        return Invocation.of(arguments.toArray(String[]::new));
    }

    private RunOptions options(String text, String... more) throws IOException {
        Invocation run = run(text, more);
        assertEquals("", run.err());
        return run.options();
    }

    private void assertWrong(String message, Invocation run) {
        assertEquals("wireleap_tun: --config " + file + message + " (see 'wireleap_tun run --help')"
                + System.lineSeparator(), run.err());
        assertEquals(Cli.USAGE, run.code());
    }

    @Test
    void itsValuesAreOptions() throws IOException {
        RunOptions options = options("""
                # a comment
                upstream = socks5://192.0.2.1
                tun: wl0
                socket=/tmp/s
                """);
        assertEquals("socks5://192.0.2.1", options.upstream());
        assertEquals("wl0", options.tun());
        assertEquals(Optional.of(Path.of("/tmp/s")), options.socket());
    }

    @Test
    void aByteOrderMarkIsNoPartOfAName() throws IOException {
        assertEquals("direct", options("\ufeffupstream = direct\n").upstream());
    }

    @Test
    void whatItLeavesOutIsAsWithoutIt() throws IOException {
        assertEquals("1500", options("upstream=direct").mtu());
    }

    @Test
    void theCommandLineWinsBehindIt() throws IOException {
        assertEquals("direct", options("upstream=socks5://192.0.2.1", "--upstream", "direct").upstream());
    }

    @Test
    void theCommandLineWinsBeforeIt() throws IOException {
        Files.writeString(file, "upstream=socks5://192.0.2.1");
        assertEquals("direct", Invocation.of("run", "--upstream", "direct", "--config=" + file).options().upstream());
    }

    @Test
    void aListIsSplitAtCommas() throws IOException {
        assertEquals(List.of("10.0.0.0/8", "2001:db8::1"),
                options("upstream=direct\nbypass=10.0.0.0/8,2001:db8::1").bypass());
    }

    @Test
    void theCommandLinesListTakesThePlaceOfTheWholeOne() throws IOException {
        assertEquals(List.of("192.0.2.1"),
                options("upstream=direct\nbypass=10.0.0.0/8,2001:db8::1", "--bypass", "192.0.2.1").bypass());
    }

    @Test
    void aFlagIsSet() throws IOException {
        assertTrue(options("upstream=direct\npost-replaces=true").postReplaces());
    }

    @Test
    void aFlagIsNotSet() throws IOException {
        assertFalse(options("upstream=direct\npost-replaces=false").postReplaces());
    }

    @Test
    void aFlagThatBothSetIsSet() throws IOException {
        assertTrue(options("upstream=direct\npost-replaces=true", "--post-replaces").postReplaces());
    }

    @Test
    void theCommandLineTakesAFlagBack() throws IOException {
        assertFalse(options("upstream=direct\npost-replaces=true", "--post-replaces=false").postReplaces());
    }

    @Test
    void aFlagsWrongValueIsRefused() throws IOException {
        Invocation run = run("upstream=direct\npost-replaces=maybe");
        assertEquals("wireleap_tun: Invalid value for option '--post-replaces': 'maybe' is not a boolean"
                + " (see 'wireleap_tun run --help')" + System.lineSeparator(), run.err());
        assertEquals(Cli.USAGE, run.code());
    }

    @Test
    void dollarsAndBracesStandForThemselves() throws IOException {
        assertEquals("socks5://me:${sys:user.dir}$$x$@192.0.2.1",
                options("upstream=socks5://me:${sys:user.dir}$$x$@192.0.2.1").upstream());
    }

    @Test
    void anUnknownNameIsRefusedAndTheKnownOnesAreNamed() throws IOException {
        assertWrong(": unknown name 'upstraem'; known are bypass, bypass-file, bypass-user, dns, early-accept,"
                + " end-delay, fail-closed, forward, icmp, log-level, max-flows, max-udp-sessions, memory, mtu, post-replaces,"
                + " queues, rule-base, socket, socket-group, spares, strict, tun, tun-address, upstream", run("upstraem=direct"));
    }

    @Test
    void itDoesNotNameAnotherFile() throws IOException {
        assertTrue(run("config=other").err().contains("unknown name 'config'"));
    }

    @Test
    void anAbsentFileIsRefused() {
        assertWrong(" cannot be read: there is no such file", Invocation.of("run", "--config", file.toString()));
    }

    @Test
    void aDirectoryIsRefused() throws IOException {
        Files.createDirectory(file);
        assertWrong(" cannot be read: Is a directory", Invocation.of("run", "--config", file.toString()));
    }

    @Test
    void whatIsNoTextIsRefused() throws IOException {
        Files.write(file, new byte[] {'a', '=', (byte) 0xff});
        assertWrong(" cannot be read: it is not UTF-8 text", Invocation.of("run", "--config", file.toString()));
    }

    @Test
    void aMalformedEscapeIsRefused() throws IOException {
        assertWrong(": a backslash begins an escape such as \\u00e9 there; write \\\\ for a backslash itself",
                run("upstream=\\uxyz"));
    }

    @Test
    void otherCommandsKnowNoFile() throws IOException {
        Files.writeString(file, "nonsense=1");
        Invocation state = Invocation.of("state", "--config", file.toString());
        assertTrue(state.err().contains("unknown option '--config'"), state::err);
    }

    @Test
    void itsNameIsAskedFor() {
        Invocation run = Invocation.of("run", "--upstream", "direct", "--config");
        assertTrue(run.err().contains("Missing required parameter for option '--config' (FILE)"), run::err);
    }
}
