package wireleap.tun.cli;

import java.util.Optional;
import wireleap.tun.policy.AbsentEntryException;
import wireleap.tun.policy.BypassEdit;
import wireleap.tun.policy.BypassSet;
import wireleap.tun.policy.TooManyEntriesException;
import wireleap.tun.routes.BypassControl;

/** A bypass list that is nothing but a list. */
final class ListInMemory implements BypassControl {
    private Snapshot snapshot = new Snapshot(BypassSet.EMPTY, "\"0\"");

    @Override
    public synchronized Snapshot snapshot() {
        return snapshot;
    }

    @Override
    public synchronized Snapshot apply(BypassEdit edit, Optional<String> ifMatch, String who)
            throws AbsentEntryException, TooManyEntriesException {
        snapshot = new Snapshot(edit.applyTo(snapshot.set()), "\"1\"");
        return snapshot;
    }
}
