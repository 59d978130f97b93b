package wireleap.tun.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * What TCP makes of paths that lose, delay and disorder, held to a committed table. A change that moves a figure is
 * committed with the table that it makes: {@code mvn test -Dtest=GoldenTableTest -Dgolden.write=true} writes it.
 */
class GoldenTableTest {
    private static final Path TABLE = Path.of("src/test/resources/wireleap/tun/tcp/golden.txt");
    private static final String HEAD = """
            # What a stream of 8 buffers' length comes to between two of our own connections, in simulated time. Paths
            # and kinds of harm: GoldenPath.java. harm: percent of packets; delay: ms each way; buffer: KiB; ideal, got:
            # KB/s; of ideal: percent; again: bytes sent again, percent of the stream; timeouts: in a stream on average.
            # Written by: mvn test -Dtest=GoldenTableTest -Dgolden.write=true
            # kind  harm delay buffer      ideal        got of ideal   again timeouts
            """;
    /** Figures may differ by so much: arithmetic of another processor, changes that do not matter. */
    private static final double TOLERANCE = 0.1;

    @Test
    void throughputAndRetransmissionsAreThoseOfTheTable() throws IOException {
        List<GoldenPath> paths = GoldenPath.all().toList();
        List<String> lines = paths.parallelStream().map(path -> path.line(path.measure())).toList();
        if (Boolean.getBoolean("golden.write")) {
            Files.createDirectories(TABLE.getParent());
            Files.writeString(TABLE, HEAD + String.join("\n", lines) + "\n");
        }
        List<String> golden = Files.readAllLines(TABLE).stream().filter(line -> !line.startsWith("#")).toList();
        assertEquals(names(golden), names(lines), "the table has other rows: write it anew");
        List<String> wrong = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            if (!agree(golden.get(i), lines.get(i))) {
                wrong.add("expected " + golden.get(i) + "\n     got " + lines.get(i));
            }
        }
        assertTrue(wrong.isEmpty(), "write the table anew if this is meant:\n" + String.join("\n", wrong));
    }

    private static List<String> names(List<String> lines) {
        return lines.stream().map(line -> line.substring(0, 25)).toList();
    }

    private static boolean agree(String expected, String got) {
        double[] e = figures(expected);
        double[] g = figures(got);
        boolean fast = Math.abs(g[1] - e[1]) <= TOLERANCE * e[1];
        boolean frugal = Math.abs(g[3] - e[3]) <= Math.max(0.5, TOLERANCE * e[3]);
        return fast && frugal;
    }

    private static double[] figures(String line) {
        return Arrays.stream(line.substring(25).strip().split(" +")).mapToDouble(Double::parseDouble).toArray();
    }
}
