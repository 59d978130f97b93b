package wireleap.tun.api;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import wireleap.tun.policy.IpPrefix;

/**
 * A flow in the TUN as GET /flows shows it.
 *
 * @param protocol "tcp" or "udp"
 * @param target whither; of a UDP session the last one, if it has sent anything
 * @param state of TCP as RFC 9293 names it, in lower case with dashes, or "dialling"; of UDP "dialling" or "open"
 * @param upstream what carries it
 * @param ageMillis since it began
 * @param up bytes that the upstream took, and those that wait for it
 * @param down bytes that the client has acknowledged (of UDP: was sent), and those seen that it has not
 */
public record OpenFlow(String protocol, Endpoint client, Optional<Endpoint> target, String state, String upstream,
        long ageMillis, Direction up, Direction down) {
    /** An address and a port. */
    public record Endpoint(IpPrefix address, int port) {
        @Override
        public String toString() {
            return address.isIpv4() ? address + ":" + port : "[" + address + "]:" + port;
        }
    }

    /** One way: what has gone it, and what waits, both in bytes. */
    public record Direction(long bytes, long held) {
        Map<String, Object> json() {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("bytes", bytes);
            json.put("buffered", held);
            return json;
        }
    }

    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("protocol", protocol);
        json.put("client", client.toString());
        target.ifPresent(there -> json.put("target", there.toString()));
        json.put("state", state);
        json.put("upstream", upstream);
        json.put("ageMillis", ageMillis);
        json.put("up", up.json());
        json.put("down", down.json());
        return json;
    }
}
