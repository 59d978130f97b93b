package wireleap.tun.loop;

import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Slab;
import wireleap.tun.upstream.Links;
import wireleap.tun.upstream.Upstream;

/** Makes the upstream of a loop from what that loop owns; called on the loop's thread. */
@FunctionalInterface
public interface UpstreamFactory {
    Upstream upstream(Links links, Slab slab, Counters counters);
}
