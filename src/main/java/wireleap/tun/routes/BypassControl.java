package wireleap.tun.routes;

import java.util.Optional;
import wireleap.tun.policy.AbsentEntryException;
import wireleap.tun.policy.BypassEdit;
import wireleap.tun.policy.BypassSet;
import wireleap.tun.policy.TooManyEntriesException;

/** The bypass list as the API sees it: read at any time, changed in some serial order. Any thread. */
public interface BypassControl {
    /**
     * A list and the tag that stands for it.
     *
     * @param set the list
     * @param etag with its quotes, as in HTTP (RFC 9110 section 8.8.3): {@code "<random per process>-<counter>"}; equal
     *     exactly as long as the list is unchanged
     */
    record Snapshot(BypassSet set, String etag) {
    }

    /** The list as the kernel last acknowledged it; never blocks. */
    Snapshot snapshot();

    /**
     * Changes the list and returns when the kernel has acknowledged every route of it, or has not and all is as
     * before. Waits while the daemon is activating. Errors come in the order of RFC 9110 section 13.2.1: an absent
     * entry before a failed precondition, that before everything about the content.
     *
     * @param ifMatch the value of an If-Match header (RFC 9110 section 13.1.1), or none
     * @param who asks, in words for the log
     * @return the list that stands after this edit
     * @throws AbsentEntryException if the entry to remove is not listed
     * @throws PreconditionFailedException if ifMatch does not match the present tag
     * @throws TooManyEntriesException if the list would be too long
     * @throws RouteRefusedException if the kernel refused; in its own words
     * @throws ControlUnavailableException if the daemon is stopping or has failed
     * @throws InterruptedException if the waiting thread was interrupted; the edit may still be done
     */
    Snapshot apply(BypassEdit edit, Optional<String> ifMatch, String who)
            throws AbsentEntryException, PreconditionFailedException, TooManyEntriesException, RouteRefusedException,
            ControlUnavailableException, InterruptedException;
}
