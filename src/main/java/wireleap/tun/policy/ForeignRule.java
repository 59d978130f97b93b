package wireleap.tun.policy;

/**
 * A rule of somebody else's.
 *
 * @param rule as far as it can be said in the way in which ours are
 * @param whole whether that is all there is to it; else it concerns fewer packets
 */
public record ForeignRule(Rule rule, boolean whole) {
    /** This rule in the words of ip(8). */
    public String words() {
        return (rule.family() == Family.IPV6 ? "-6 " : "") + "rule " + rule.words() + (whole ? "" : " ...");
    }
}
