package wireleap.tun.fuzz;

/** Something that takes bytes from strangers. What it throws is a finding. */
@FunctionalInterface
public interface Target {
    /**
     * Gives the fuzzer's bytes to what is tested, as one input or as many, and looks at what comes of it. The same bytes do
     * the same again.
     *
     * @param watch told of each input
     * @throws Exception which the tested code must not let through, or an AssertionError where it did wrong
     */
    void run(Input input, Stopwatch watch) throws Exception;
}
