package wireleap.tun.h2;

/** What a header block of the broker says: filled by {@link HeaderCodec}, read at once, used again and again. */
final class Response {
    /** Of {@code :status}; 0: absent, as in trailers. */
    int status;
    /** Of {@code wl-status}; empty: absent. */
    String wlStatus = "";
    /** Of {@code content-length}; below 0: absent. */
    long contentLength = -1;
    /** Not what RFC 9113 sections 8.1 to 8.3 allow. */
    boolean malformed;

    void clear() {
        status = 0;
        wlStatus = "";
        contentLength = -1;
        malformed = false;
    }

    boolean isInformational() {
        return status >= 100 && status < 200;
    }

    /** Whether it says, well-formed, that the stream has failed (BROKER.md: a code of 200 is none). */
    boolean isFailure() {
        return status != 0 && status != 200 || !wlStatus.isEmpty() && code(wlStatus) != 200;
    }

    /** For the log, on one line. */
    String text() {
        if (malformed) {
            return "a malformed answer";
        }
        return wlStatus.isEmpty() ? "HTTP status " + status : wlStatus;
    }

    /** The number behind the first "code" of a JSON object; -1: there is none. */
    static int code(String json) {
        int at = json.indexOf("\"code\"");
        if (at < 0) {
            return -1;
        }
        at = skipBlanks(json, at + "\"code\"".length());
        if (at >= json.length() || json.charAt(at) != ':') {
            return -1;
        }
        at = skipBlanks(json, at + 1);
        int code = -1;
        for (; at < json.length() && Character.digit(json.charAt(at), 10) >= 0 && code < 100_000; at++) {
            code = Math.max(code, 0) * 10 + Character.digit(json.charAt(at), 10);
        }
        return code;
    }

    private static int skipBlanks(String json, int at) {
        int next = at;
        while (next < json.length() && json.charAt(next) <= ' ') {
            next++;
        }
        return next;
    }
}
