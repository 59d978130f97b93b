package wireleap.tun.policy;

/** One edit both adds and removes the same entry: the API's 400. */
public final class EntryInBothException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    /** @param entry which is to be added and removed */
    public EntryInBothException(IpPrefix entry) {
        super(entry + " is in both \"add\" and \"remove\"; it can be in one of them");
    }
}
