/**
 * What {@code wireleap_tun doctor} does: looks at the machine, changes nothing, says what to do.
 *
 * <p>Lives here: {@link wireleap.tun.doctor.Doctor}, the checks that read files of /proc and netlink, and the one that makes
 * a TUN, on a thread of its own in a network namespace of its own. May import {@code os} and what is below, and
 * {@code policy}.
 */
package wireleap.tun.doctor;
