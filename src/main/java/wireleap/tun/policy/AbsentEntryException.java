package wireleap.tun.policy;

/** The entry to remove is not on the list: the API's 404. */
public final class AbsentEntryException extends Exception {
    private static final long serialVersionUID = 1;

    /** @param entry which is not listed */
    public AbsentEntryException(IpPrefix entry) {
        super(entry + " is not on the bypass list");
    }
}
