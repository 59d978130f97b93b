package wireleap.tun.routes;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.InetAddress;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import wireleap.tun.os.linux.netlink.RuleEntry;

/** Which rules concern a new socket of this host; what the kernel itself makes of it is tested with the daemon. */
class RouteQuestionTest {
    private static final long USER = 1000;

    private static RuleEntry rule(boolean ipv4, boolean inverted, int mark, String device, String source, int length,
            OptionalLong user, OptionalInt port) {
        return new RuleEntry(ipv4, 100, 0, inverted, mark, mark == 0 ? 0 : 0xff, device,
                source.isEmpty() ? Optional.empty() : Optional.of(InetAddress.ofLiteral(source)), length, user, port,
                RuleEntry.Action.LOOKUP, 254, 0, -1);
    }

    private static void concerns(boolean expected, RuleEntry rule) {
        assertEquals(expected, RouteQuestion.concerns(rule, USER), rule::toString);
    }

    private static RuleEntry by(String device) {
        return rule(true, false, 0, device, "", 0, OptionalLong.empty(), OptionalInt.empty());
    }

    private static RuleEntry from(boolean ipv4, String source, int length) {
        return rule(ipv4, false, 0, "", source, length, OptionalLong.empty(), OptionalInt.empty());
    }

    private static RuleEntry of(OptionalLong user, OptionalInt port) {
        return rule(true, false, 0, "", "", 0, user, port);
    }

    @Test
    void whatThisHostSendsComesInByLo() {
        concerns(true, by(""));
        concerns(true, by("lo"));
        concerns(false, by("eth0"));
    }

    @Test
    void noSourceIsZeroInIpv4AndNoneInIpv6() {
        concerns(true, from(true, "0.0.0.0", 32));
        concerns(false, from(true, "10.13.49.0", 32));
        concerns(false, from(false, "::", 1));
        concerns(false, from(false, "8000::", 1));
    }

    @Test
    void aNewSocketHasNoMark() {
        concerns(false, rule(true, false, 7, "", "", 0, OptionalLong.empty(), OptionalInt.empty()));
        concerns(true, rule(true, true, 7, "", "", 0, OptionalLong.empty(), OptionalInt.empty()));
    }

    @Test
    void itIsOfItsUserAndToNoCertainPort() {
        concerns(true, of(OptionalLong.of(USER), OptionalInt.empty()));
        concerns(false, of(OptionalLong.of(1), OptionalInt.empty()));
        concerns(false, of(OptionalLong.empty(), OptionalInt.of(53)));
    }
}
