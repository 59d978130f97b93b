package wireleap.tun.doctor;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import wireleap.tun.doctor.Finding.Grade;
import wireleap.tun.policy.RouteSettings;
import wireleap.tun.routes.Resolvers;

/** Looks at the machine and says what it offers the daemon, what it lacks and what to do. Changes nothing. */
public final class Doctor {
    private Doctor() {
    }

    /**
     * Prints a line for each check.
     *
     * @return 0 if the daemon can run here, 1 if not
     */
    public static int run(PrintStream out, RouteSettings settings) {
        HostChecks host = new HostChecks(Path.of("/"));
        List<Finding> findings = new ArrayList<>();
        findings.add(host.kernel());
        findings.add(host.netAdmin());
        findings.add(host.tunDevice());
        findings.addAll(TunProbe.run());
        findings.add(host.ipv6());
        findings.add(host.reversePathFilters());
        findings.addAll(RuleChecks.run(settings));
        findings.addAll(LeftTun.run());
        findings.add(resolvers(Resolvers.find(false)));
        findings.add(host.descriptors());
        findings.forEach(out::println);
        boolean failed = findings.stream().anyMatch(finding -> finding.grade() == Grade.FAIL);
        out.println(failed ? "The daemon cannot run here yet." : "The daemon can run here.");
        return failed ? 1 : 0;
    }

    static Finding resolvers(Resolvers found) {
        return found.local().isEmpty() ? Finding.ok("DNS", found.toString())
                : Finding.note("DNS", found.toString(), "nothing to do, unless names must not be seen there: then"
                    + " run with --dns and a resolver that is to be asked in their place, through the upstream");
    }
}
