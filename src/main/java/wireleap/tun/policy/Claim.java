package wireleap.tun.policy;

/** One thing that the daemon owns in the kernel's routing: a route, a rule or an address. A value. */
public sealed interface Claim permits ThrowRoute, DeviceRoute, UnreachableRoute, DeviceAddress, Rule {
    /** Whose routing it is part of. */
    Family family();

    /** What ip(8) calls such a thing: route, rule, address. */
    String object();

    /** What follows {@code ip OBJECT add} on ip's command line. */
    String words();

    /**
     * When its turn is: what has a lower rank is made earlier and undone later. Throws come before everything, the
     * rules that lead traffic into the TUN after everything.
     */
    int rank();
}
