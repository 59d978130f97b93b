package wireleap.tun.policy;

import java.util.List;
import java.util.Optional;
import java.util.SequencedSet;

/**
 * What was seen of the kernel's routing at some moment, as far as it concerns us.
 *
 * @param claims all that is ours in our tables, among the rules, and of the TUN's addresses
 * @param routes what others put into our tables
 * @param rules of others, by family and preference
 * @param device how the TUN stands; empty: there is none of its name and number
 */
public record Sighting(SequencedSet<Claim> claims, List<ForeignRoute> routes, List<ForeignRule> rules,
        Optional<DeviceState> device) {
}
