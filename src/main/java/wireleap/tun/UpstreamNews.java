package wireleap.tun;

import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import wireleap.tun.events.Event;
import wireleap.tun.events.EventLog;
import wireleap.tun.upstream.UpstreamStatus;

/**
 * What is known of the upstream, for /state at once, and for the log and the events at most once a second: one that comes
 * and goes with every flow is told of by what it is at each second's end, so that the last word is always the present
 * state. Any thread.
 */
final class UpstreamNews {
    private static final Logger LOG = LoggerFactory.getLogger(UpstreamNews.class);

    private final UpstreamAddress upstream;
    private final Executor afterASecond;
    private final EventLog events;
    private Finding present;
    /** What log and events were told last. */
    private UpstreamStatus told;
    /** They have been told something within the last second. */
    private boolean resting;

    /**
     * What is known.
     *
     * @param problem why it cannot be reached; empty where nothing is known of that
     */
    record Finding(UpstreamStatus status, String problem) {
    }

    /**
     * Nothing is known yet, but that the way straight out is up.
     *
     * @param afterASecond runs what it is given a second later
     * @param events told what the log is told
     */
    UpstreamNews(UpstreamAddress upstream, Executor afterASecond, EventLog events) {
        this.upstream = upstream;
        this.afterASecond = afterASecond;
        this.events = events;
        this.told = upstream instanceof UpstreamAddress.Direct ? UpstreamStatus.UP : UpstreamStatus.UNTRIED;
        this.present = new Finding(told, "");
    }

    /** It is so now. */
    synchronized void learn(UpstreamStatus status, String problem) {
        present = new Finding(status, problem);
        tell();
    }

    /** It was so when it was tried; what flows have shown meanwhile is worth more. */
    synchronized void probed(UpstreamStatus status, String problem) {
        if (present.status() == UpstreamStatus.UNTRIED) {
            learn(status, problem);
        }
    }

    private void tell() {
        if (resting || present.status() == told) {
            return;
        }
        told = present.status();
        resting = true;
        afterASecond.execute(this::rested);
        events.publish(new Event.UpstreamChanged(told.text(), present.problem()));
        if (told == UpstreamStatus.UP) {
            LOG.info("upstream {} is up", upstream);
        } else {
            LOG.warn("upstream {} {}{}; flows are reset until it answers", upstream, told.text(),
                    present.problem().isEmpty() ? "" : ": " + present.problem());
        }
    }

    private synchronized void rested() {
        resting = false;
        tell();
    }

    /** What is known now. */
    synchronized Finding finding() {
        return present;
    }
}
