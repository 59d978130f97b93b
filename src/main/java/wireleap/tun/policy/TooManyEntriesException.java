package wireleap.tun.policy;

/** The list would have more than {@link BypassSet#MAX_ENTRIES} entries: the API's 413. */
public final class TooManyEntriesException extends Exception {
    private static final long serialVersionUID = 1;

    /** @param entries how many different entries the list would have */
    public TooManyEntriesException(int entries) {
        super("the bypass list would have " + entries + " entries; " + BypassSet.MAX_ENTRIES
                + " are the most, so name wider networks");
    }
}
