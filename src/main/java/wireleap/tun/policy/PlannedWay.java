package wireleap.tun.policy;

/**
 * Which way a new connection is meant to go.
 *
 * @param intoTun whether into the TUN, or around it as the host would send it without us
 * @param why in a few words
 */
public record PlannedWay(boolean intoTun, String why) {
}
