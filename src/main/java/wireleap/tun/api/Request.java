package wireleap.tun.api;

import java.nio.ByteBuffer;

/**
 * A request that has come in whole.
 *
 * @param body its bytes, decoded from chunks; valid until it is answered
 * @param connection that it came by: says who asks
 */
record Request(Head head, ByteBuffer body, Connection connection) {
}
