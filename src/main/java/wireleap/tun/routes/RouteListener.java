package wireleap.tun.routes;

import wireleap.tun.policy.BypassSet;
import wireleap.tun.policy.IpPrefix;

/** Is told what {@link RouteKeeper} did and found, on a thread of its own; must not block. */
@FunctionalInterface
public interface RouteListener {
    /** An edit added entries: the kernel has acknowledged them, and the edit is not yet answered. */
    void bypassed(BypassSet added);

    /** What was captured cannot be led into the TUN any more, for this reason, and is let through nowhere. */
    default void failed(String reason) {
        // It is in the log.
    }

    /** All is as it should be again after {@link #failed}. */
    default void recovered() {
        // It is in the log.
    }

    /** The host has lost an address. */
    default void addressGone(IpPrefix address) {
        // It concerns who has sockets.
    }

    /** A default route of the host has changed, or a link is gone. */
    default void waysChanged() {
        // It concerns who has sockets.
    }
}
