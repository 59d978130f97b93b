package wireleap.tun.cli;

import java.util.Optional;
import wireleap.tun.policy.AbsentEntryException;
import wireleap.tun.policy.BypassEdit;
import wireleap.tun.policy.BypassSet;
import wireleap.tun.policy.TooManyEntriesException;
import wireleap.tun.routes.BypassControl;
import wireleap.tun.routes.PreconditionFailedException;

/** A bypass list that is nothing but a list. */
final class ListInMemory implements BypassControl {
    private Optional<BypassEdit> forestalling = Optional.empty();
    private int changes;
    private Snapshot snapshot = new Snapshot(BypassSet.EMPTY, "\"0\"");

    @Override
    public synchronized Snapshot snapshot() {
        return snapshot;
    }

    /** Somebody else, who is quicker than the next change. */
    synchronized void forestall(BypassEdit edit) {
        forestalling = Optional.of(edit);
    }

    @Override
    public synchronized Snapshot apply(BypassEdit edit, Optional<String> ifMatch, String who)
            throws AbsentEntryException, TooManyEntriesException, PreconditionFailedException {
        if (forestalling.isPresent()) {
            BypassEdit quicker = forestalling.get();
            forestalling = Optional.empty();
            apply(quicker, Optional.empty(), who);
        }
        if (ifMatch.isPresent() && !ifMatch.get().equals(snapshot.etag())) {
            throw new PreconditionFailedException(ifMatch.get(), snapshot.etag());
        }
        changes++;
        snapshot = new Snapshot(edit.applyTo(snapshot.set()), "\"" + changes + "\"");
        return snapshot;
    }
}
