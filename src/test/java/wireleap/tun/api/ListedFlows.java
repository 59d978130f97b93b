package wireleap.tun.api;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import wireleap.tun.policy.IpPrefix;

/** Open flows, three a page, that a test makes up. */
public final class ListedFlows implements FlowSource {
    private static final int PAGE = 3;

    private final List<OpenFlow> flows = new ArrayList<>();
    private volatile boolean broken;

    /** Adds a flow, such as tcp 10.0.0.1:4000 to 192.0.2.1:443, established; a UDP session without a target for "". */
    public ListedFlows add(String protocol, String client, int clientPort, String target, int targetPort,
            String state) {
        flows.add(new OpenFlow(protocol, new OpenFlow.Endpoint(IpPrefix.parse(client), clientPort),
                target.isEmpty() ? Optional.empty()
                        : Optional.of(new OpenFlow.Endpoint(IpPrefix.parse(target), targetPort)),
                state, "direct", 1_500, new OpenFlow.Direction(10, 1), new OpenFlow.Direction(20_000, 2)));
        return this;
    }

    /** From now on the second page cannot be had. */
    void broken() {
        broken = true;
    }

    @Override
    public Pages pages() {
        return new Pages() {
            private int next;

            @Override
            public boolean hasNext() {
                return next < flows.size();
            }

            @Override
            public List<OpenFlow> next() throws IOException {
                if (broken && next > 0) {
                    throw new IOException("no second page");
                }
                int from = next;
                next = Math.min(from + PAGE, flows.size());
                return flows.subList(from, next);
            }
        };
    }
}
