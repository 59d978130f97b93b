package wireleap.tun.os.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import wireleap.tun.os.linux.gen.Linux;
import wireleap.tun.testing.NeedsKernelHeaders;
import wireleap.tun.testing.NeedsProgram;

/** Every struct and constant of the bindings against what this machine's C compiler makes of the same header. */
@NeedsProgram("gcc")
@NeedsKernelHeaders
class BindingsAgainstCTest {
    private static final Path JEXTRACT = Path.of("jextract/linux");

    @TempDir
    Path directory;

    @Test
    void everySizeOffsetAndConstantIsTheOneOfC() throws Exception {
        Map<String, Long> bound = new TreeMap<>();
        for (String struct : names("structs.txt")) {
            addStruct(bound, struct);
        }
        for (String list : List.of("errno", "files", "netlink", "process", "sockets", "tun")) {
            for (String constant : names(list + ".txt")) {
                Method method = Linux.class.getMethod(constant);
                bound.put(method.getReturnType() + " " + constant, ((Number) method.invoke(null)).longValue());
            }
        }
        assertTrue(bound.size() > 900, "only " + bound.size() + " names");
        assertEquals(lines(bound), lines(valuesInC(bound.keySet().stream().toList())));
    }

    private static void addStruct(Map<String, Long> bound, String struct) throws Exception {
        Class<?> type = Class.forName(Linux.class.getPackageName() + "." + struct);
        GroupLayout layout = (GroupLayout) type.getMethod("layout").invoke(null);
        bound.put("sizeof " + struct, layout.byteSize());
        for (Method method : type.getMethods()) {
            if (method.getName().endsWith("$offset") && Modifier.isStatic(method.getModifiers())) {
                String field = method.getName().replace("$offset", "");
                bound.put("offsetof " + struct + " " + field, (Long) method.invoke(null));
                long bytes = ((MemoryLayout) type.getMethod(field + "$layout").invoke(null)).byteSize();
                if (bytes > 0) { // an array without a length has no size in C either
                    bound.put("fieldsize " + struct + " " + field, bytes);
                }
            }
        }
    }

    private static List<String> names(String list) throws IOException {
        try (Stream<String> lines = Files.lines(JEXTRACT.resolve("includes").resolve(list))) {
            return lines.filter(line -> line.startsWith("--include")).map(line -> line.split(" ")[1]).toList();
        }
    }

    private Map<String, Long> valuesInC(List<String> keys) throws Exception {
        StringBuilder c = new StringBuilder("#include \"linux.h\"\n#include <stdio.h>\nint main(void) {\n");
        for (String key : keys) {
            c.append("printf(\"%lld\\n\", (long long) (").append(expression(key.split(" "))).append("));\n");
        }
        Path source = Files.writeString(directory.resolve("values.c"), c.append("}\n"));
        Path program = directory.resolve("values");
        run("gcc", "-w", "-D_GNU_SOURCE", "-I" + JEXTRACT, "-o", program.toString(), source.toString());
        List<String> output = run(program.toString());
        Map<String, Long> values = new TreeMap<>();
        for (int i = 0; i < keys.size(); i++) {
            values.put(keys.get(i), Long.parseLong(output.get(i)));
        }
        return values;
    }

    private static String expression(String[] key) {
        return switch (key[0]) {
            case "sizeof" -> "sizeof(struct " + key[1] + ")";
            case "offsetof" -> "offsetof(struct " + key[1] + ", " + key[2] + ")";
            case "fieldsize" -> "sizeof(((struct " + key[1] + " *) 0)->" + key[2] + ")";
            case "int" -> "(int) " + key[1];
            default -> key[1];
        };
    }

    private static List<String> run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        List<String> output = new ArrayList<>(process.inputReader().lines().toList());
        assertEquals(0, process.waitFor(), () -> String.join("\n", output));
        return output;
    }

    private static String lines(Map<String, Long> values) {
        StringBuilder text = new StringBuilder();
        values.forEach((name, value) -> text.append(name).append(' ').append(value).append('\n'));
        return text.toString();
    }
}
