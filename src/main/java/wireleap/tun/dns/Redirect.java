package wireleap.tun.dns;

import wireleap.tun.wire.AddressText;

/**
 * The one server that all queries go to, whomever they ask; or none.
 *
 * @param hi its address, high half; IPv4 as ::ffff:a.b.c.d
 * @param lo low half
 * @param port 1..65535; 0: there is none, and every query goes to the server that it asks
 */
public record Redirect(long hi, long lo, int port) {
    /** Nothing is led elsewhere. */
    public static final Redirect NONE = new Redirect(0, 0, 0);
    /** Where servers are asked, by UDP and TCP (RFC 1035 section 4.2). */
    public static final int DNS_PORT = 53;

    /** @throws IllegalArgumentException if the port is none */
    public Redirect {
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("port is " + port + ", must be 1..65535");
        }
    }

    /** Whether there is such a server. */
    public boolean isOn() {
        return port != 0;
    }

    /** Whether what goes to a port goes to this server instead. */
    public boolean takes(int targetPort) {
        return isOn() && targetPort == DNS_PORT;
    }

    /** Whether this is where something came from. */
    public boolean is(long fromHi, long fromLo, int fromPort) {
        return isOn() && fromHi == hi && fromLo == lo && fromPort == port;
    }

    /** Address and port, for logs and state. */
    @Override
    public String toString() {
        return isOn() ? AddressText.of(hi, lo, port) : "none";
    }
}
