package wireleap.tun.flow;

/** Some set of addresses, such as those that are newly bypassed. */
public interface AddressFilter {
    /** Whether the address (IPv4 as ::ffff:a.b.c.d) is in the set. */
    boolean matches(long hi, long lo);
}
