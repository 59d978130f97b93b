package wireleap.tun.api;

/**
 * A request without its body.
 *
 * @param method as sent: methods are case-sensitive
 * @param isHttp11 false: HTTP/1.0
 * @param body how the body's end is found
 */
record Head(String method, Target target, boolean isHttp11, Headers headers, Framing body) {
    /** How a body's end is found (RFC 9112 section 6): chunked, or its length in bytes, 0 where there is none. */
    record Framing(boolean isChunked, long lengthBytes) {
        boolean isEmpty() {
            return !isChunked && lengthBytes == 0;
        }
    }

    boolean isHead() {
        return method.equals("HEAD");
    }

    /** Whether the answer to this request is the connection's last (RFC 9112 section 9.3); HTTP/1.0 always closes. */
    boolean isLast() {
        return !isHttp11 || headers.tokens("Connection").anyMatch("close"::equals);
    }

    /** Whether the client waits for a word before it sends the body (RFC 9110 section 10.1.1). */
    boolean expectsContinue() {
        return isHttp11 && !body.isEmpty() && headers.tokens("Expect").anyMatch("100-continue"::equals);
    }

    @Override
    public String toString() {
        return method + " " + target.raw();
    }
}
