package wireleap.tun.demo;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;

/** Which sockets an address needs: IPv4 ones for IPv4, so that nothing depends on mapped addresses. */
final class Families {
    private Families() {
    }

    static ProtocolFamily of(InetAddress address) {
        return address instanceof Inet4Address ? StandardProtocolFamily.INET : StandardProtocolFamily.INET6;
    }
}
