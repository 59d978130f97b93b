package wireleap.tun.policy;

/**
 * Makes or removes one thing in the kernel.
 *
 * @param adds whether it is made
 * @param claim what
 */
public record Step(boolean adds, Claim claim) {
    /** This step as the arguments of ip(8), such as {@code rule add pref 13499 nop}. */
    public String words() {
        return (claim.family() == Family.IPV6 ? "-6 " : "") + claim.object() + (adds ? " add " : " del ")
                + claim.words();
    }
}
