/**
 * The Wireleap broker as upstream: many flows over few connections of HTTP/2 in clear text with prior knowledge (RFC
 * 9113 section 3.3), one request a flow.
 *
 * <p>{@link wireleap.tun.h2.H2c} is the upstream of a loop; below it, a {@code Connection} is one link with what HTTP/2
 * keeps for it (its bytes are the {@code Pipe}'s, the peer's frames {@code Incoming}'s, the windows {@code Sending}'s and
 * {@code Receiving}'s), a {@code FlowStream} a TCP flow's stream, a {@code Session} a UDP session whose
 * {@code TargetStream}s lead to one target each. {@code HeaderCodec} is the only class that knows the library for HPACK.
 *
 * <p>Run by the loop's thread, as a function of bytes and time. Payload lies in the slab: what a connection received
 * and has to send in blocks that it owns, what a stream has received in a ring of its own, where it stays until it is
 * discarded: the stream's window is what that ring has room for. Nothing is allocated for payload after warm-up; a
 * request and its answer are. May import {@code upstream}, {@code wire} and {@code mem}.
 */
package wireleap.tun.h2;
