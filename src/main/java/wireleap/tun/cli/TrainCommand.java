package wireleap.tun.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/** {@code train}. */
@Command(name = "train", hidden = true,
        description = "Exercises the program so that an AOT cache can be recorded.")
final class TrainCommand implements Callable<Integer> {
    @ParentCommand
    RootCommand root;

    @Override
    public Integer call() throws Exception {
        return root.program.train();
    }
}
