package wireleap.tun.api;

/** The status codes that are answered (RFC 9110 section 15); the description is the status line's phrase too. */
enum Status {
    OK(200, "OK"),
    NOT_MODIFIED(304, "not modified"),
    BAD_REQUEST(400, "bad request"),
    NOT_FOUND(404, "resource not found"),
    METHOD_NOT_ALLOWED(405, "HTTP method not allowed"),
    PRECONDITION_FAILED(412, "precondition failed"),
    PAYLOAD_TOO_LARGE(413, "payload too large"),
    URI_TOO_LONG(414, "URI too long"),
    HEADER_TOO_LARGE(431, "request header fields too large"),
    INTERNAL_ERROR(500, "internal server error"),
    UNAVAILABLE(503, "service unavailable"),
    VERSION_NOT_SUPPORTED(505, "HTTP version not supported");

    private final int code;
    private final String description;

    Status(int code, String description) {
        this.code = code;
        this.description = description;
    }

    int code() {
        return code;
    }

    String description() {
        return description;
    }
}
