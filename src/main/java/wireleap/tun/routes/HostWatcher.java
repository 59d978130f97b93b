package wireleap.tun.routes;

import wireleap.tun.policy.IpPrefix;

/** Is told what others change in the host's network. Called on the thread that listens: returns at once. */
public interface HostWatcher {
    /** Something changed that may be ours, or shadow it. */
    void changed();

    /** The host has lost an address. */
    void addressGone(IpPrefix address);

    /** The ways out of the host may be others now: a default route changed, a link lost its carrier, or is gone. */
    void waysChanged();
}
