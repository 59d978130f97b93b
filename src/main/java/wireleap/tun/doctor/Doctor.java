package wireleap.tun.doctor;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import wireleap.tun.doctor.Finding.Grade;

/** Looks at the machine and says what it offers the daemon, what it lacks and what to do. Changes nothing. */
public final class Doctor {
    private Doctor() {
    }

    /**
     * Prints a line for each check.
     *
     * @param ruleBase preference of our first rule
     * @return 0 if the daemon can run here, 1 if not
     */
    public static int run(PrintStream out, int ruleBase) {
        List<Finding> findings = new ArrayList<>();
        findings.add(KernelChecks.version());
        findings.add(KernelChecks.netAdmin());
        findings.add(TunProbe.device());
        findings.addAll(TunProbe.inOwnNamespace());
        findings.add(KernelChecks.ipv6());
        findings.addAll(KernelChecks.reversePathFilters());
        findings.addAll(RuleChecks.run(ruleBase));
        findings.add(ResolverCheck.run());
        findings.add(KernelChecks.descriptors());
        findings.forEach(out::println);
        var failed = findings.stream().anyMatch(finding -> finding.grade() == Grade.FAIL);
        out.println(failed ? "The daemon cannot run here yet." : "The daemon can run here.");
        return failed ? 1 : 0;
    }
}
