package wireleap.tun.cli;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.TreeSet;
import java.util.stream.Collectors;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The file of {@code run --config}, in the format of {@link Properties}: its values are defaults of the command's options,
 * so that the command line wins.
 */
final class ConfigFile implements IDefaultValueProvider {
    private final Properties values;

    private ConfigFile(Properties values) {
        this.values = values;
    }

    /** The file named by {@code --config FILE} or {@code --config=FILE} among the arguments, or null. */
    static String named(List<String> args) {
        for (var i = 0; i < args.size(); i++) {
            if (args.get(i).startsWith("--config=")) {
                return args.get(i).substring("--config=".length());
            }
            if (args.get(i).equals("--config") && i + 1 < args.size()) {
                return args.get(i + 1);
            }
        }
        return null;
    }

    /**
     * Reads {@code file} for {@code command}.
     *
     * @throws ConfigException if it cannot be read, or names what is no option of the command
     */
    static ConfigFile read(Path file, CommandSpec command) {
        var values = new Properties();
        try (Reader in = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            values.load(in);
        } catch (NoSuchFileException e) {
            throw new ConfigException("--config " + file + ": there is no such file");
        } catch (IOException | IllegalArgumentException e) {
            throw new ConfigException("--config " + file + ": cannot be read as text of NAME = VALUE: " + e.getMessage());
        }
        var known = optionNames(command);
        var unknown = new TreeSet<>(values.stringPropertyNames());
        unknown.removeAll(known);
        if (!unknown.isEmpty()) {
            throw new ConfigException("--config " + file + ": unknown name '" + unknown.first() + "'; known are "
                + String.join(", ", known));
        }
        return new ConfigFile(values);
    }

    private static List<String> optionNames(CommandSpec command) {
        return command.options().stream().map(ConfigFile::key)
            .filter(name -> !List.of("help", "version", "config").contains(name))
            .sorted().collect(Collectors.toCollection(ArrayList::new));
    }

    private static String key(OptionSpec option) {
        return option.longestName().substring("--".length());
    }

    @Override
    public String defaultValue(ArgSpec argument) {
        return argument instanceof OptionSpec option ? values.getProperty(key(option)) : null;
    }
}
