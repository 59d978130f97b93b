package wireleap.tun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import wireleap.tun.testing.NeedsProgram;

/** What src/main/dist says of the command line, against the command line. */
class DistributionTest {
    private static final Path DIST = Path.of("src/main/dist");

    @TempDir
    private Path directory;

    static List<CommandLine> commands() {
        return CliTest.commands().stream().filter(command -> !command.getCommandSpec().usageMessage().hidden()).toList();
    }

    private static String manual() throws IOException {
        return Files.readString(DIST.resolve("share/man/man8/wireleap_tun.8")).replace("\\-", "-");
    }

    /** The manual's paragraph whose heading has an option, up to the next one. */
    private static String paragraph(String manual, String option) {
        List<String> found = Arrays.stream(manual.split("\n\\.(TP|SH|PP)"))
                .filter(paragraph -> paragraph.strip().lines().limit(1)
                        .anyMatch(heading -> heading.matches("\\.B[IR]? " + option + "\\b(?!-).*")))
                .toList();
        assertTrue(!found.isEmpty(), () -> option + " has no paragraph of its own");
        return found.getFirst();
    }

    @ParameterizedTest
    @MethodSource("commands")
    void theManualHasEachCommand(CommandLine command) throws IOException {
        String name = command.getCommandSpec().qualifiedName(" ").replaceFirst("^wireleap_tun ?", "");
        assertTrue(command.getSubcommands().size() > 0 || manual().matches("(?s).*\n\\.BI? \"?" + name + "\\b.*"),
                name);
    }

    @ParameterizedTest
    @MethodSource("commands")
    void theManualHasEachOptionWithItsDefault(CommandLine command) throws IOException {
        for (OptionSpec option : command.getCommandSpec().options()) {
            if (option.usageHelp() || option.versionHelp()) {
                assertTrue(manual().contains(option.longestName()), option.longestName());
            } else {
                String usual = option.defaultValue() == null || option.defaultValue().equals("false") ? ""
                        : "Default: " + option.defaultValue();
                assertTrue(paragraph(manual(), option.longestName()).contains(usual),
                        () -> option.longestName() + ": " + usual);
            }
        }
    }

    @Test
    void theManualNamesNoOptionThatIsNotThere() throws IOException {
        List<String> known = commands().stream().flatMap(command -> command.getCommandSpec().options().stream())
                .map(OptionSpec::longestName).toList();
        List<String> named = new ArrayList<>();
        var options = Pattern.compile("--[a-z][a-z-]*[a-z]").matcher(manual());
        while (options.find()) {
            named.add(options.group());
        }
        named.removeAll(known);
        assertEquals(List.of(), named);
    }

    @ParameterizedTest
    @MethodSource("commands")
    void theCompletionKnowsEachOption(CommandLine command) {
        String script = Invocation.of("completion").out();
        for (OptionSpec option : command.getCommandSpec().options()) {
            assertTrue(script.contains("'" + option.longestName() + "'"), option.longestName());
        }
    }

    @Test
    void bashReadsTheCompletion() throws IOException, InterruptedException {
        assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "needs bash");
        Path script = Files.writeString(directory.resolve("completion"), Invocation.of("completion").out());
        Process bash = new ProcessBuilder("/bin/bash", "-n", script.toString()).redirectErrorStream(true).start();
        assertEquals("", new String(bash.getInputStream().readAllBytes()));
        assertEquals(0, bash.waitFor());
    }

    @Test
    void theUnitStartsWhatTheCommandLineTakes() throws IOException {
        Path config = Files.writeString(directory.resolve("config"), "upstream=direct\n");
        List<String> start = Files.readAllLines(DIST.resolve("lib/systemd/wireleap_tun.service")).stream()
                .filter(line -> line.startsWith("ExecStart=")).toList();
        assertEquals(1, start.size());
        String[] words = start.getFirst().replace("${CREDENTIALS_DIRECTORY}", directory.toString()).split(" ");
        assertEquals("ExecStart=/opt/wireleap_tun/bin/wireleap_tun", words[0]);
        Invocation run = Invocation.of(Arrays.copyOfRange(words, 1, words.length));
        assertEquals("", run.err());
        assertEquals("direct", run.options().upstream(), config::toString);
    }

    @Test
    @NeedsProgram("systemd-analyze")
    void systemdUnderstandsTheUnit() throws IOException, InterruptedException {
        String unit = Files.readString(DIST.resolve("lib/systemd/wireleap_tun.service"));
        Path file = Files.writeString(directory.resolve("wireleap_tun.service"),
                unit.replace("/opt/wireleap_tun/bin/wireleap_tun", "/bin/true"));   // it has to be there
        Process analysis = new ProcessBuilder("systemd-analyze", "verify", file.toString()).redirectErrorStream(true)
                .start();
        assertEquals("", new String(analysis.getInputStream().readAllBytes()));
        assertEquals(0, analysis.waitFor());
    }
}
