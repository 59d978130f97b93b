package wireleap.tun.doctor;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.linux.netlink.RouteSocket;
import wireleap.tun.os.linux.netlink.RuleEntry;

/** Other programs' policy rules: those before ours win, those between ours and main see what we let by. */
final class RuleChecks {
    /** Of all our routes and rules. */
    private static final int OUR_PROTOCOL = 157;
    /** Our last rule is so far behind the first. */
    private static final int SPAN = 11;
    /** The kernel's own "lookup main" (ip-rule(8)). */
    private static final int MAIN_PREFERENCE = 32_766;

    private RuleChecks() {
    }

    static List<Finding> run(int ruleBase) {
        var findings = new ArrayList<Finding>();
        try (var arena = Arena.ofConfined(); var socket = RouteSocket.open(arena)) {
            check("ip rule", socket.rules(true), ruleBase, findings);
            check("ip -6 rule", socket.rules(false), ruleBase, findings);
        } catch (ErrnoException e) {
            findings.add(Finding.fail("rules", "cannot be read: " + e.getMessage(), "see what forbids netlink here"));
        }
        return findings;
    }

    private static void check(String command, List<RuleEntry> rules, int ruleBase, List<Finding> findings) {
        var ours = rules.stream().filter(rule -> rule.protocol() == OUR_PROTOCOL).count();
        if (ours > 0) {
            findings.add(Finding.note(command, ours + " rules of ours are there",
                "nothing to do: a daemon runs, or a killed one left them, and the next start sweeps them"));
        }
        var foreign = rules.stream().filter(rule -> rule.protocol() != OUR_PROTOCOL)
            .map(RuleEntry::preference).filter(preference -> preference > 0 && preference < MAIN_PREFERENCE).toList();
        var before = foreign.stream().filter(preference -> preference <= ruleBase + SPAN).toList();
        var after = foreign.stream().filter(preference -> preference > ruleBase + SPAN).toList();
        if (!before.isEmpty()) {
            findings.add(Finding.note(command, "rules of others come before ours: " + before,
                "what they decide does not enter the TUN; move them behind " + (ruleBase + SPAN)
                    + " or start with a lower --rule-base if that is not meant"));
        }
        if (!after.isEmpty()) {
            findings.add(Finding.note(command, "rules of others between ours and main: " + after,
                "nothing to do: they hold for bypassed addresses and for the daemon's own sockets"));
        }
        if (ours == 0 && foreign.isEmpty()) {
            findings.add(Finding.ok(command, "no rules of others"));
        }
    }
}
