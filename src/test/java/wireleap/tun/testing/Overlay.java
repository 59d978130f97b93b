package wireleap.tun.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A mount namespace beside a {@link TestNet}'s inside, in which /usr/lib may be written to without a trace: what is
 * written goes to memory. The net's directory is there too, and setuid bits in it count, whatever /tmp is mounted with.
 */
public final class Overlay implements AutoCloseable {
    /** $1 a mount point, $2 the net's directory. */
    private static final String MOUNTS = """
            mount -t tmpfs -o mode=755 tmpfs "$1" && mkdir "$1/up" "$1/work" &&
            mount -t overlay -o "lowerdir=/usr/lib,upperdir=$1/up,workdir=$1/work" overlay /usr/lib &&
            mount --bind "$2" "$2" && mount -o remount,bind,suid,dev "$2" && echo mounted && exec cat
            """;

    private final TestNet net;
    private final Process holder;

    private Overlay(TestNet net, Process holder) {
        this.net = net;
        this.holder = holder;
    }

    /** Makes one. Needs root and the programs {@code unshare}, {@code mount}, {@code nsenter} and {@code setpriv}. */
    public static Overlay open(TestNet net) throws IOException, InterruptedException {
        Path layer = Files.createDirectory(net.directory().resolve("layer"));
        var holder = net.inside().start(new ProcessBuilder("unshare", "--mount", "sh", "-c", MOUNTS, "sh",
                layer.toString(), net.directory().toString()).redirectErrorStream(true));
        String said = holder.inputReader().readLine();
        if (!"mounted".equals(said)) {
            throw new IOException("no overlay: " + said);
        }
        return new Overlay(net, holder);
    }

    /** A program in both namespaces, as root. Its process id is that of the process started. */
    public ProcessBuilder command(String... command) {
        var all = new ArrayList<>(List.of("nsenter", "--mount=/proc/" + holder.pid() + "/ns/mnt"));
        all.addAll(List.of(command));
        return new ProcessBuilder(all);
    }

    /** A program in both namespaces, as a user with no groups but one. */
    public ProcessBuilder commandOf(int user, int group, String... command) {
        var all = new ArrayList<>(List.of("setpriv", "--reuid=" + user, "--regid=" + group, "--clear-groups"));
        all.addAll(List.of(command));
        return command(all.toArray(String[]::new));
    }

    /** Starts a program and gives what it prints, on both streams; waits for its end. */
    public String output(ProcessBuilder command) throws IOException, InterruptedException {
        return TestNet.output(net.inside(), command.command().toArray(String[]::new));
    }

    /** Lets the namespace go, with what was written. */
    @Override
    public void close() throws InterruptedException {
        holder.destroyForcibly().waitFor();
    }
}
