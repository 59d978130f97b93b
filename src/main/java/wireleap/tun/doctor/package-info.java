/**
 * What {@code wireleap_tun doctor} does: looks at the machine, changes nothing, says what to do.
 *
 * <p>Lives here: {@link wireleap.tun.doctor.Doctor}, on the thread that calls it; the checks that read files and
 * netlink; the one that makes a TUN, on a thread of its own in a network namespace of its own. May import {@code
 * routes}, {@code policy}, {@code os} and {@code os.linux} with what is below it.
 */
package wireleap.tun.doctor;
