/**
 * TCP (RFC 9293) towards the local kernel: {@link wireleap.tun.tcp.TcpConnection} and one file for each idea that has
 * an RFC of its own. A connection deals in ranges of sequence numbers; the bytes are kept by its
 * {@link wireleap.tun.tcp.TcpSource} and {@link wireleap.tun.tcp.TcpSink}, packets are made by its
 * {@link wireleap.tun.tcp.TcpOutput}.
 *
 * <p>Everything here is run by the thread of the loop that owns the flow; time is a parameter. Objects are reused for
 * one connection after another, so that nothing is allocated after warm-up. May import {@code wire} and {@code mem}.
 *
 * <p>Inside, sequence numbers are turned into <em>positions</em> as soon as they are read: longs that never wrap, where
 * 0 is the first byte of payload, -1 the SYN, and the FIN comes after the last byte.
 */
package wireleap.tun.tcp;
