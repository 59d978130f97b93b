package wireleap.tun.doctor;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.linux.netlink.RouteSocket;
import wireleap.tun.os.linux.netlink.RuleEntry;
import wireleap.tun.policy.RouteSettings;

/** Other programs' policy rules: those before ours win, those between ours and main see what we let by. */
final class RuleChecks {
    /** The kernel's own "lookup main" (ip-rule(8)). */
    private static final int MAIN_PREFERENCE = 32_766;

    private RuleChecks() {
    }

    static List<Finding> run(RouteSettings settings) {
        List<Finding> findings = new ArrayList<>();
        try (Arena arena = Arena.ofConfined(); RouteSocket socket = RouteSocket.open(arena)) {
            findings.addAll(check("ip rule", socket.rules(true), settings));
            findings.addAll(ipv6(socket, settings));
        } catch (ErrnoException e) {
            findings.add(Finding.fail("rules", "cannot be read: " + e.getMessage(), "see what forbids netlink here"));
        }
        return findings;
    }

    private static List<Finding> ipv6(RouteSocket socket, RouteSettings settings) {
        try {
            return check("ip -6 rule", socket.rules(false), settings);
        } catch (ErrnoException e) {
            return List.of(Finding.note("ip -6 rule", "cannot be read: " + e.getMessage(),
                    "nothing to do where there is no IPv6; only IPv4 is carried then"));
        }
    }

    /** @param command whose output the rules are, as a user would see them */
    static List<Finding> check(String command, List<RuleEntry> rules, RouteSettings settings) {
        int last = settings.endPreference();
        long ours = rules.stream().filter(rule -> rule.protocol() == RouteSettings.PROTOCOL).count();
        List<Integer> foreign = rules.stream().filter(rule -> rule.protocol() != RouteSettings.PROTOCOL)
                .map(RuleEntry::preference).filter(preference -> preference > 0 && preference < MAIN_PREFERENCE)
                .toList();
        List<Integer> before = foreign.stream().filter(preference -> preference <= last).toList();
        List<Integer> after = foreign.stream().filter(preference -> preference > last).toList();
        List<Finding> findings = new ArrayList<>();
        if (ours > 0) {
            findings.add(Finding.note(command, ours + " rules of ours are there",
                    "nothing to do: a daemon runs, or a killed one left them, and the next start sweeps them"));
        }
        if (!before.isEmpty()) {
            findings.add(Finding.note(command, "rules of others come before ours or between them: " + before,
                    "what they decide does not enter the TUN; move them behind " + last
                    + " or start with a lower --rule-base if that is not meant"));
        }
        if (!after.isEmpty()) {
            findings.add(Finding.note(command, "rules of others between ours and main: " + after,
                    "nothing to do: they hold for bypassed addresses and for the daemon's own sockets"));
        }
        if (findings.isEmpty()) {
            findings.add(Finding.ok(command, "no rules of others"));
        }
        return findings;
    }
}
