package wireleap.tun.routes;

/** If-Match named another list than the present one: the API's 412. */
public final class PreconditionFailedException extends Exception {
    private static final long serialVersionUID = 1;

    /**
     * @param ifMatch the header's value
     * @param etag the present list's tag
     */
    public PreconditionFailedException(String ifMatch, String etag) {
        super("the list is " + etag + " by now, not " + ifMatch + "; read it again and decide anew");
    }
}
