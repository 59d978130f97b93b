package wireleap.tun.flow;

/** Is told of destinations whose flows come back through the TUN from our own upstream. */
@FunctionalInterface
public interface LoopWatch {
    /** None is looked for: no upstream of ours can send through the TUN. */
    LoopWatch NONE = (hi, lo, port) -> {
    };

    /**
     * New flows to a destination are refused from now on, for ten seconds; called again if they come back after that.
     * On the loop's thread, rarely; must not block.
     */
    void comesBack(long hi, long lo, int port);
}
