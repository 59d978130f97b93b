package wireleap.tun.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import wireleap.tun.fuzz.Input;
import wireleap.tun.fuzz.Stopwatch;
import wireleap.tun.fuzz.Target;

/** The file of {@code run --config}. */
public final class ConfigTarget implements Target {
    private final CommandSpec command = CommandSpec.create()
            .addOption(OptionSpec.builder("--upstream").type(String.class).build())
            .addOption(OptionSpec.builder("--bypass").type(String.class).build())
            .addOption(OptionSpec.builder("--config").type(Path.class).build());
    private Path file;

    @Override
    public void run(Input input, Stopwatch watch) throws IOException {
        if (file == null) {
            file = Files.createTempFile("wireleap", ".conf");
            file.toFile().deleteOnExit();
        }
        Files.write(file, input.rest());
        watch.begin();
        try {
            ConfigFile config = ConfigFile.read(file, command);
            command.options().forEach(config::defaultValue);
        } catch (ConfigException refused) {
            refused.getMessage();
        }
        watch.end();
    }
}
