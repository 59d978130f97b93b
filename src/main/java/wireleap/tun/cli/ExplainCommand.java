package wireleap.tun.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.PrintWriter;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import wireleap.tun.policy.IpPrefix;

/** {@code explain}: why a new connection goes the way it goes; fails where the kernel does not do what is meant. */
final class ExplainCommand {
    private ExplainCommand() {
    }

    static CommandSpec command(PrintWriter out) {
        DaemonOptions daemon = new DaemonOptions();
        OptionSpec json = Commands.json("/explain");
        PositionalParamSpec address = PositionalParamSpec.builder().paramLabel("ADDRESS").arity("1").required(true)
                .type(String.class).description("An IPv4 or IPv6 address; names are not resolved.").build();
        CommandSpec explain = daemon.of(Commands.command("explain",
                "Shows which rule, table, entry and device decide for a new connection to an address.", () -> {
                    Map<String, Object> answer = daemon.client().explain(canonical(address.getValue()));
                    if (json.getValue()) {
                        out.println(JSON.std.asString(answer));
                    } else {
                        print(out, answer);
                    }
                    return Boolean.TRUE.equals(answer.get("agree")) ? 0 : Cli.FAILED;
                })).addOption(json).addPositional(address);
        explain.usageMessage().footer("", "It is that of a socket without a source address, of a user not given by"
                + " --bypass-user, to any port but 53. Exit code 1 if kernel and daemon do not agree.");
        return explain;
    }

    private static String canonical(String address) {
        try {
            IpPrefix parsed = IpPrefix.parse(address);
            if (!parsed.isAddress()) {
                throw new ConfigException(address + " is a network; an address is needed, such as 198.51.100.7");
            }
            return parsed.toString();
        } catch (IllegalArgumentException e) {
            throw new ConfigException(e.getMessage());
        }
    }

    private static void print(PrintWriter out, Map<String, Object> answer) {
        Map<?, ?> kernel = answer.get("kernel") instanceof Map<?, ?> map ? map : Map.of();
        Map<?, ?> plan = answer.get("plan") instanceof Map<?, ?> map ? map : Map.of();
        kernel.forEach((name, value) -> out.printf("%-8s %s%n", name, value));
        out.printf("%-8s %s (%s)%n", "plan", "tun".equals(plan.get("way")) ? "into the TUN" : "around the TUN",
                plan.get("why"));
        out.printf("%-8s %s%n", "agree", Boolean.TRUE.equals(answer.get("agree")) ? "yes" : "no");
    }
}
