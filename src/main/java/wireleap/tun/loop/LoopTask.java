package wireleap.tun.loop;

import wireleap.tun.flow.Stack;

/** Something that another thread wants done by a loop; see {@link EventLoop#post}. */
@FunctionalInterface
public interface LoopTask {
    /** Runs on the loop's thread, between two packets: returns at once. */
    void run(Stack stack, long nowNanos);
}
