package wireleap.tun.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/** {@code demo}. */
@Command(name = "demo",
        description = "Shows the main job between two network namespaces of its own; a few seconds, nothing stays.")
final class DemoCommand implements Callable<Integer> {
    @ParentCommand
    RootCommand root;

    @Override
    public Integer call() throws Exception {
        return root.program.demo(System.out);
    }
}
