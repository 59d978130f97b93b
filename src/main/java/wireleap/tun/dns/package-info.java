/**
 * DNS queries that clients send in datagrams and that are to go another way: over TCP where an upstream has no
 * datagrams (RFC 7766), and to another server than the one asked where the user says so.
 *
 * <p>{@link wireleap.tun.dns.DnsOverTcp} takes queries and gives answers. Below it, a {@code Resolver} is a server that
 * was asked, a {@code DnsStream} one of its few connections, a {@code Query} what is outstanding; {@code DnsMessage}
 * reads and writes no more of a message than carrying it needs. Nothing is cached, and no answer is changed but in its
 * ID, unless it has to be truncated. {@link wireleap.tun.dns.AskedServers} is for queries that stay datagrams.
 *
 * <p>Run by the loop's thread: no socket, clock or thread of its own; time is a parameter. Queries and incomplete
 * answers lie in the slab, and nothing is allocated for a query after warm-up. May import {@code upstream},
 * {@code wire} and {@code mem}.
 */
package wireleap.tun.dns;
