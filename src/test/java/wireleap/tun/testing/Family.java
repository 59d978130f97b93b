package wireleap.tun.testing;

import java.net.InetAddress;

/** The two families, and what a {@link TestNet} has of each. */
public enum Family {
    IPV4(TestNet.INSIDE_4, TestNet.PROXY_4, TestNet.SERVER_4, TestNet.UNREACHABLE_4, "198.51.100."),
    IPV6(TestNet.INSIDE_6, TestNet.PROXY_6, TestNet.SERVER_6, TestNet.UNREACHABLE_6, "2001:db8:99::");

    private final InetAddress inside;
    private final InetAddress proxy;
    private final InetAddress server;
    private final InetAddress unreachable;
    private final String prefix;

    Family(InetAddress inside, InetAddress proxy, InetAddress server, InetAddress unreachable, String prefix) {
        this.inside = inside;
        this.proxy = proxy;
        this.server = server;
        this.unreachable = unreachable;
        this.prefix = prefix;
    }

    /** The address of the machine inside. */
    public InetAddress inside() {
        return inside;
    }

    /** The address that proxies outside go out from. */
    public InetAddress proxy() {
        return proxy;
    }

    /** The first of the servers' addresses. */
    public InetAddress server() {
        return server;
    }

    /** The servers' addresses, 1 to 254. */
    public InetAddress server(int number) {
        return InetAddress.ofLiteral(prefix + (this == IPV4 ? Integer.toString(number) : Integer.toHexString(number)));
    }

    /** An address that routers outside call unreachable. */
    public InetAddress unreachable() {
        return unreachable;
    }
}
