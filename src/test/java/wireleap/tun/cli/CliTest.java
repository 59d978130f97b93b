package wireleap.tun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

class CliTest {
    private static final String SECRET = "s3cr";

    private static void assertWrongUsage(String message, Invocation invocation) {
        assertEquals("wireleap_tun: " + message + System.lineSeparator(), invocation.err());
        assertEquals(Cli.USAGE, invocation.code());
    }

    @Test
    void anUnknownOptionIsNamedWithTheOneThatIsAlike() {
        assertWrongUsage("unknown option '--upstraem'; did you mean '--upstream'? (see 'wireleap_tun run --help')",
                Invocation.of("run", "--upstream", "direct", "--upstraem", "direct"));
    }

    @Test
    void anUnknownCommandIsNamedWithTheOneThatIsAlike() {
        assertWrongUsage("unknown command 'byp'; did you mean 'bypass'? (see 'wireleap_tun --help')",
                Invocation.of("byp", "list"));
    }

    @Test
    void anArgumentTooManyIsNamed() {
        assertWrongUsage("unexpected argument 'now' (see 'wireleap_tun run --help')",
                Invocation.of("run", "--upstream", "direct", "now"));
    }

    @Test
    void aMissingUpstreamIsAskedFor() {
        assertWrongUsage("Missing required option: '--upstream=URI' (see 'wireleap_tun run --help')",
                Invocation.of("run"));
    }

    @Test
    void aMissingValueIsAskedFor() {
        assertWrongUsage("Missing required parameter for option '--tun' (NAME) (see 'wireleap_tun run --help')",
                Invocation.of("run", "--upstream", "direct", "--tun"));
    }

    @Test
    void aMissingEntryIsAskedFor() {
        assertWrongUsage("Missing required parameter: 'ENTRY' (see 'wireleap_tun bypass add --help')",
                Invocation.of("bypass", "add"));
    }

    @Test
    void withoutACommandSomeAreNamed() {
        assertWrongUsage("a command is needed, such as run, demo or state (see 'wireleap_tun --help')",
                Invocation.of());
    }

    @Test
    void bypassAloneAsksWhatToDo() {
        assertWrongUsage("say what to do: list, add, remove, replace or clear (see 'wireleap_tun bypass --help')",
                Invocation.of("bypass"));
    }

    @Test
    void theExitCodeIsTheCommands() {
        assertEquals(0, Invocation.of(options -> 0, "run", "--upstream", "direct").code());
        assertEquals(1, Invocation.of(options -> 1, "run", "--upstream", "direct").code());
    }

    @Test
    void aFailureIsOneLine() {
        Invocation failed = Invocation.of(options -> {
            throw new IOException("the cable\n is out");
        }, "run", "--upstream", "direct");
        assertEquals("wireleap_tun: the cable is out" + System.lineSeparator(), failed.err());
        assertEquals(Cli.FAILED, failed.code());
    }

    @Test
    void aFailureWithoutWordsIsItsName() {
        Invocation failed = Invocation.of(options -> {
            throw new IOException();
        }, "run", "--upstream", "direct");
        assertEquals("wireleap_tun: java.io.IOException" + System.lineSeparator(), failed.err());
    }

    @Test
    void anExceptionThatNobodyExpectedIsOneLine() {
        Invocation failed = Invocation.of(options -> {
            throw new IllegalStateException("odd");
        }, "run", "--upstream", "direct");
        assertEquals("wireleap_tun: this is a bug: java.lang.IllegalStateException: odd" + System.lineSeparator(),
                failed.err());
        assertEquals(Cli.FAILED, failed.code());
    }

    @Test
    void anErrorIsOneLine() {
        Invocation failed = Invocation.of(options -> {
            throw new StackOverflowError("deep");
        }, "run", "--upstream", "direct");
        assertEquals("wireleap_tun: this is a bug: java.lang.StackOverflowError: deep" + System.lineSeparator(),
                failed.err());
        assertEquals(Cli.FAILED, failed.code());
    }

    static Stream<List<String>> argumentsWithAPassword() {
        return Stream.of(
                List.of("socks5://me:s3cr@192.0.2.1"),
                List.of("run", "socks5://me:s3cr@192.0.2.1"),
                List.of("run", "--upstream", "direct", "me:s3cr@192.0.2.1:1080"),
                List.of("run", "--upstream", "direct", "socks5://me:s3cr@t@192.0.2.1"),
                List.of("run", "--upstraem=socks5://me:s3cr@192.0.2.1"),
                List.of("run", "--upstream", "direct", "--early-accept=socks5://me:s3cr@192.0.2.1"),
                List.of("run", "--upstream", "direct", "me: s3cr @192.0.2.1"),
                List.of("run", "-upstream:me:s3cr@192.0.2.1"),
                List.of("state", "--wait", "socks5://me:s3cr@192.0.2.1"));
    }

    @ParameterizedTest
    @MethodSource("argumentsWithAPassword")
    void noMessageShowsAPassword(List<String> arguments) {
        Invocation invocation = Invocation.of(arguments.toArray(String[]::new));
        assertEquals(Cli.USAGE, invocation.code());
        assertFalse(invocation.err().contains(SECRET), invocation::err);
    }

    @Test
    void theRestOfWhatWasTypedIsShown() {
        assertWrongUsage("unknown option '--proxy=socks5://...@192.0.2.1' (see 'wireleap_tun run --help')",
                Invocation.of("run", "--upstream", "direct", "--proxy=socks5://me:s3cr@192.0.2.1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"--version", "-V", "version"})
    void theVersionIsTold(String argument) {
        Invocation told = Invocation.of(argument);
        assertEquals("1.2.3" + System.lineSeparator(), told.out());
        assertEquals(0, told.code());
    }

    static List<CommandLine> commands() {
        List<CommandLine> commands = new ArrayList<>();
        collect(Cli.commandLine(null, new PrintWriter(new StringWriter()), new PrintWriter(new StringWriter()), "--help"),
                commands);
        return commands;
    }

    private static void collect(CommandLine command, List<CommandLine> into) {
        into.add(command);
        command.getSubcommands().values().forEach(inner -> collect(inner, into));
    }

    private static String[] with(CommandLine command, String last) {
        return Stream.concat(Stream.of(command.getCommandSpec().qualifiedName(" ").split(" ")).skip(1),
                Stream.of(last)).toArray(String[]::new);
    }

    @ParameterizedTest
    @MethodSource("commands")
    void helpMentionsEachOptionAndCommand(CommandLine command) {
        Invocation helped = Invocation.of(with(command, "--help"));
        assertEquals(0, helped.code());
        for (OptionSpec option : command.getCommandSpec().options()) {
            assertTrue(helped.out().contains(option.longestName()), option.longestName() + "\n" + helped.out());
        }
        command.getSubcommands().forEach((name, inner) -> assertEquals(!inner.getCommandSpec().usageMessage().hidden(),
                helped.out().contains("\n  " + name + " "), name + "\n" + helped.out()));
    }

    @ParameterizedTest
    @MethodSource("commands")
    void noLineOfHelpIsCut(CommandLine command) {
        assertTrue(command.getUsageMessage().lines().allMatch(line -> line.length() <= 110), command::getUsageMessage);
    }
}
