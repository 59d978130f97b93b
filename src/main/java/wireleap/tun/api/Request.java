package wireleap.tun.api;

import java.io.InputStream;

/**
 * A request that has come in whole.
 *
 * @param body its bytes, decoded from chunks; valid until it is answered
 * @param connection that it came by: says who asks
 */
record Request(Head head, InputStream body, Connection connection) {
}
