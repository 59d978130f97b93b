package wireleap.tun.api;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import wireleap.tun.policy.IpPrefix;

/**
 * Which flows GET /flows is asked for. What is absent does not matter.
 *
 * @param network that the client's or the target's address is in
 * @param port the client's or the target's
 * @param limit how many at most, 1..{@link #MOST}
 */
record FlowFilter(Optional<String> protocol, Optional<IpPrefix> network, Optional<Integer> port,
        Optional<String> state, int limit) {
    static final int MOST = 1 << 20;
    private static final int USUAL = 1000;
    private static final List<String> PROTOCOLS = List.of("tcp", "udp");
    private static final List<String> STATES = List.of("dialling", "open", "syn-received", "established",
            "fin-wait-1", "fin-wait-2", "close-wait", "closing", "last-ack", "time-wait");
    private static final Set<String> NAMES = new TreeSet<>(List.of("protocol", "addr", "port", "state", "limit"));

    static FlowFilter of(Map<String, String> parameters) throws HttpException {
        for (String name : parameters.keySet()) {
            if (!NAMES.contains(name)) {
                throw HttpException.bad("there is no parameter \"" + name + "\"; there are " + String.join(", ", NAMES));
            }
        }
        return new FlowFilter(oneOf(PROTOCOLS, "protocol", parameters), network(parameters.get("addr")),
                number("port", parameters, 65_535), oneOf(STATES, "state", parameters),
                number("limit", parameters, MOST).orElse(USUAL));
    }

    private static Optional<String> oneOf(List<String> known, String name, Map<String, String> parameters)
            throws HttpException {
        String value = parameters.get(name);
        if (value != null && !known.contains(value)) {
            throw HttpException.bad(name + " \"" + value + "\": must be one of " + String.join(", ", known));
        }
        return Optional.ofNullable(value);
    }

    private static Optional<IpPrefix> network(String value) throws HttpException {
        try {
            return Optional.ofNullable(value).map(IpPrefix::parse);
        } catch (IllegalArgumentException e) {
            throw HttpException.bad("addr: " + e.getMessage());
        }
    }

    private static Optional<Integer> number(String name, Map<String, String> parameters, int most)
            throws HttpException {
        String value = parameters.get(name);
        if (value == null) {
            return Optional.empty();
        }
        int number = value.matches("[0-9]{1,9}") ? Integer.parseInt(value) : 0;
        if (number < 1 || number > most) {
            throw HttpException.bad(name + " \"" + value + "\": must be a number from 1 to " + most);
        }
        return Optional.of(number);
    }

    boolean matches(OpenFlow flow) {
        return protocol.map(flow.protocol()::equals).orElse(true) && state.map(flow.state()::equals).orElse(true)
                && (matches(flow.client()) || flow.target().isPresent() && matches(flow.target().get()));
    }

    private boolean matches(OpenFlow.Endpoint end) {
        return network.map(in -> in.contains(end.address().hi(), end.address().lo())).orElse(true)
                && port.map(wanted -> wanted == end.port()).orElse(true);
    }
}
