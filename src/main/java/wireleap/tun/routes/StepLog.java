package wireleap.tun.routes;

import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import wireleap.tun.policy.Step;

/** Writes each change of the kernel's routing in the words of ip(8); of a long run of alike ones the first few. */
final class StepLog {
    private static final Logger LOG = LoggerFactory.getLogger(StepLog.class);
    private static final int SHOWN_WHOLE = 20;
    private static final int SHOWN_OF_MORE = 3;

    private StepLog() {
    }

    /** Logs steps that were done. */
    static void done(List<Step> steps) {
        int from = 0;
        while (from < steps.size()) {
            int to = from + 1;
            while (to < steps.size() && alike(steps.get(from), steps.get(to))) {
                to++;
            }
            run(steps.subList(from, to));
            from = to;
        }
    }

    private static void run(List<Step> steps) {
        int shown = steps.size() > SHOWN_WHOLE ? SHOWN_OF_MORE : steps.size();
        steps.subList(0, shown).forEach(step -> LOG.info("[#] ip {}", step.words()));
        if (shown < steps.size()) {
            LOG.info("[#] ... and {} more, to ip {}", steps.size() - shown, steps.getLast().words());
        }
    }

    private static boolean alike(Step one, Step other) {
        return one.adds() == other.adds() && one.claim().getClass() == other.claim().getClass()
                && one.claim().family() == other.claim().family();
    }
}
