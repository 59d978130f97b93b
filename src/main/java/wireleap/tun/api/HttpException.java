package wireleap.tun.api;

/** A request that is answered by an error. Has no stack trace: the client's fault is no event of the program. */
final class HttpException extends Exception {
    private static final long serialVersionUID = 1;

    private final transient Response response;

    /** @param cause what is wrong with the request, and where it is not plain what would be right */
    HttpException(Status status, String cause) {
        this(cause, Response.error(status, cause));
    }

    private HttpException(String cause, Response response) {
        super(cause, null, false, false);
        this.response = response;
    }

    /** 400: what breaks HTTP or JSON. */
    static HttpException bad(String cause) {
        return new HttpException(Status.BAD_REQUEST, cause);
    }

    /** The same error with one more field in its answer. */
    HttpException with(String name, String value) {
        return new HttpException(getMessage(), response.with(name, value));
    }

    Response response() {
        return response;
    }
}
