package wireleap.tun.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import wireleap.tun.demo.Namespace;

/**
 * Loses packets of a device, both ways and at random, by nftables' netdev hooks. A hit takes a whole super-segment, and
 * nobody is told: what goes out is not dropped, for the kernel tells its sender of that, but led to {@code lo}, where
 * nobody takes it.
 *
 * @param in where the device is
 */
public record Loss(Namespace in) implements AutoCloseable {
    private static final String TABLE = "wireleap_loss";
    private static final Pattern PACKETS = Pattern.compile("packets (\\d+)");

    /** Loses from now on so many packets of 1000 that cross a device. Needs {@code nft}. */
    public static Loss of(Namespace in, String device, int perMille) throws IOException, InterruptedException {
        String hook = " device " + device + " priority 0; numgen random mod 1000 < " + perMille + " counter ";
        nft(in, "table netdev " + TABLE + " {\n"
                + "chain in { type filter hook ingress" + hook + "drop; }\n"
                + "chain out { type filter hook egress" + hook + "fwd to \"lo\"; }\n}\n");
        return new Loss(in);
    }

    /** How many packets were lost, both ways. */
    public long packets() throws IOException, InterruptedException {
        String table = TestNet.output(in, "nft", "list", "table", "netdev", TABLE);
        return PACKETS.matcher(table).results().mapToLong(count -> Long.parseLong(count.group(1))).sum();
    }

    /** Loses no more. */
    @Override
    public void close() throws IOException, InterruptedException {
        nft(in, "delete table netdev " + TABLE + "\n");
    }

    private static void nft(Namespace in, String rules) throws IOException, InterruptedException {
        var process = in.start(new ProcessBuilder("nft", "-f", "-").redirectErrorStream(true));
        try (var input = process.outputWriter(StandardCharsets.US_ASCII)) {
            input.write(rules);
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException("nft " + rules + ": " + output);
        }
    }
}
