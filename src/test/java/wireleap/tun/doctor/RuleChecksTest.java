package wireleap.tun.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import wireleap.tun.os.linux.netlink.RuleEntry;
import wireleap.tun.policy.RouteSettings;

class RuleChecksTest {
    private static final int OURS = RouteSettings.PROTOCOL;
    private static final int KERNELS = 2;

    private static RuleEntry rule(int preference, int protocol) {
        return new RuleEntry(true, preference, protocol, false, 0, 0, "", Optional.empty(), 0, OptionalLong.empty(),
                OptionalInt.empty(), RuleEntry.Action.LOOKUP, 254, 0, -1);
    }

    private static List<String> found(RuleEntry... rules) {
        return RuleChecks.check("ip rule", List.of(rules), RouteSettings.DEFAULT).stream().map(Finding::found).toList();
    }

    @Test
    void theKernelsOwnRulesAreNoOthers() {
        assertEquals(List.of("no rules of others"),
                found(rule(0, KERNELS), rule(32_766, KERNELS), rule(32_767, KERNELS)));
    }

    @Test
    void ourRulesAreToldOf() {
        assertEquals(List.of("2 rules of ours are there"), found(rule(13_488, OURS), rule(13_499, OURS)));
    }

    @Test
    void whatComesBeforeOurLastRuleDecidesFirst() {
        assertEquals(List.of("rules of others come before ours or between them: [1, 13499]"),
                found(rule(1, 0), rule(13_499, 0)));
    }

    @Test
    void whatComesAfterOursHoldsForBypassedAddresses() {
        assertEquals(List.of("rules of others between ours and main: [13500, 32765]"),
                found(rule(13_500, 0), rule(32_765, 0)));
    }
}
