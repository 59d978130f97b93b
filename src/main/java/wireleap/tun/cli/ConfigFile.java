package wireleap.tun.cli;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.SortedSet;
import java.util.Stack;
import java.util.TreeSet;
import java.util.stream.Collectors;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.IParameterPreprocessor;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/**
 * The file of {@code run --config}, in the format of {@link Properties}: its values are defaults of the command's
 * options, so that the command line wins, whichever comes first.
 */
final class ConfigFile implements IDefaultValueProvider {
    private static final List<String> NOT_IN_FILES = List.of("help", "config");

    /** Some editors put it before a text; nobody sees it. */
    private static final String BYTE_ORDER_MARK = "\ufeff";

    private final Properties values;

    private ConfigFile(Properties values) {
        this.values = values;
    }

    /** Reads the file as soon as its name is met; picocli asks for defaults when it has seen all arguments. */
    static final class Loading implements IParameterPreprocessor {
        @Override
        public boolean preprocess(Stack<String> arguments, CommandSpec command, ArgSpec option,
                Map<String, Object> info) {
            if (!arguments.isEmpty()) {
                try {
                    command.commandLine().setDefaultValueProvider(read(Path.of(arguments.peek()), command));
                } catch (ConfigException | InvalidPathException e) {
                    throw new ParameterException(command.commandLine(), e.getMessage());
                }
            }
            return false;
        }
    }

    /**
     * Reads a file for a command.
     *
     * @throws ConfigException if it cannot be read, or names what is no option of the command
     */
    static ConfigFile read(Path file, CommandSpec command) {
        Properties values = new Properties();
        try {
            String text = Files.readString(file);
            values.load(new StringReader(text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text));
        } catch (IOException e) {
            throw ConfigException.unreadable("--config", file, e);
        } catch (IllegalArgumentException e) {
            // Not its own words: they are about the format of Java's properties.
            throw new ConfigException("--config " + file + ": a backslash begins an escape such as \\u00e9 there;"
                    + " write \\\\ for a backslash itself");
        }
        SortedSet<String> known = command.options().stream().map(ConfigFile::key)
                .filter(name -> !NOT_IN_FILES.contains(name)).collect(Collectors.toCollection(TreeSet::new));
        SortedSet<String> unknown = new TreeSet<>(values.stringPropertyNames());
        unknown.removeAll(known);
        if (!unknown.isEmpty()) {
            throw new ConfigException("--config " + file + ": unknown name '" + Redaction.of(unknown.first())
                    + "'; known are " + String.join(", ", known));
        }
        return new ConfigFile(values);
    }

    private static String key(OptionSpec option) {
        return option.longestName().substring("--".length());
    }

    /** A $ is doubled, because picocli replaces variables in defaults: a password may contain one. */
    @Override
    public String defaultValue(ArgSpec argument) {
        String value = argument instanceof OptionSpec option ? values.getProperty(key(option)) : null;
        return value == null ? null : value.replace("$", "$$");
    }
}
