package wireleap.tun.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/** {@code doctor}. */
@Command(name = "doctor",
        description = "Says what this machine offers the daemon and lacks, and what to do about it; changes nothing.")
final class DoctorCommand implements Callable<Integer> {
    @ParentCommand
    RootCommand root;

    @Override
    public Integer call() throws Exception {
        return root.program.doctor(System.out);
    }
}
