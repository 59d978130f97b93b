package wireleap.tun.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import wireleap.tun.policy.AbsentEntryException;
import wireleap.tun.policy.BypassEdit;
import wireleap.tun.policy.BypassSet;
import wireleap.tun.policy.TooManyEntriesException;
import wireleap.tun.routes.BypassControl;
import wireleap.tun.routes.ControlUnavailableException;
import wireleap.tun.routes.PreconditionFailedException;
import wireleap.tun.routes.RouteRefusedException;

/** A bypass list without a kernel, which can be told to fail or to wait. Any thread. */
final class MemoryControl implements BypassControl {
    private final List<String> asked = new ArrayList<>();
    private volatile Snapshot snapshot = new Snapshot(BypassSet.EMPTY, "\"test-0\"");
    private volatile CountDownLatch ready = new CountDownLatch(0);
    private volatile CountDownLatch waiting = new CountDownLatch(1);
    private volatile Optional<String> kernelsWords = Optional.empty();
    private volatile boolean stopping;
    private volatile boolean broken;
    private int changes;

    /** From now on edits wait, until {@link #activate}. */
    void activating() {
        ready = new CountDownLatch(1);
        waiting = new CountDownLatch(1);
    }

    void activate() {
        ready.countDown();
    }

    /** Returns when an edit waits. */
    void awaitWaiting() throws InterruptedException {
        waiting.await();
    }

    /** From now on the kernel refuses. */
    void refuse(String words) {
        kernelsWords = Optional.of(words);
    }

    /** From now on no changes are taken. */
    void stopping() {
        stopping = true;
    }

    /** From now on this fails as only a fault of the program does. */
    void broken() {
        broken = true;
    }

    /** Who asked for changes, in their order. */
    synchronized List<String> asked() {
        return List.copyOf(asked);
    }

    /** The entries as text. */
    List<String> entries() {
        return snapshot.set().entries().stream().map(Object::toString).toList();
    }

    @Override
    public Snapshot snapshot() {
        return snapshot;
    }

    @Override
    public Snapshot apply(BypassEdit edit, Optional<String> ifMatch, String who)
            throws AbsentEntryException, PreconditionFailedException, TooManyEntriesException, RouteRefusedException,
            ControlUnavailableException, InterruptedException {
        waiting.countDown();
        ready.await();
        return change(edit, ifMatch, who);
    }

    private synchronized Snapshot change(BypassEdit edit, Optional<String> ifMatch, String who)
            throws AbsentEntryException, PreconditionFailedException, TooManyEntriesException, RouteRefusedException,
            ControlUnavailableException {
        asked.add(who);
        if (broken) {
            throw new IllegalStateException("broken");
        }
        if (stopping) {
            throw new ControlUnavailableException("the daemon is stopping");
        }
        if (ifMatch.isPresent() && !ifMatch.get().equals(snapshot.etag())) {
            throw new PreconditionFailedException(ifMatch.get(), snapshot.etag());
        }
        BypassSet next = edit.applyTo(snapshot.set());
        if (kernelsWords.isPresent()) {
            throw new RouteRefusedException(kernelsWords.get(), null);
        }
        if (next != snapshot.set()) {
            snapshot = new Snapshot(next, "\"test-" + ++changes + "\"");
        }
        return snapshot;
    }
}
