package wireleap.tun.flow;

import wireleap.tun.dns.Redirect;

/**
 * What a stack is told at its start; all limits are a loop's, not the machine's.
 *
 * @param mtu of the TUN, 1280..65535 bytes (RFC 8200 section 5: IPv6 needs 1280)
 * @param ipv4Self what we are called on the TUN's other side: the address that ICMP errors come from, never the
 *     device's own (the kernel takes no packets from outside with a source of its own); low half of the mapped form,
 *     0: no IPv4
 * @param ipv6SelfHi the same for IPv6, high half
 * @param ipv6SelfLo low half; both 0: no IPv6
 * @param maxFlows TCP flows at once, 1..1,048,576; what is beyond is reset
 * @param maxHalfOpen TCP flows whose target or whose client has not answered yet, 1..maxFlows; the oldest is evicted
 * @param maxSessions UDP sessions at once, 1..1,048,576; the one that is idle longest is evicted
 * @param maxSessionsPerClient the same for one client address, 1..maxSessions
 * @param maxRingBytes what a flow may store in each direction, a power of two, 4 KiB..1 MiB
 * @param sessionIdleNanos a UDP session ends after so much silence
 * @param dnsIdleNanos the same for a session that spoke to port 53 only
 * @param earlyAccept whether a connection is accepted before the upstream has connected it
 * @param echoReply whether ICMP echo is answered
 * @param dns where queries to port 53 go, whomever they ask
 * @param loopWatch is told of flows that come back from our own upstream; {@link LoopWatch#NONE}: none can
 */
public record StackSettings(int mtu, long ipv4Self, long ipv6SelfHi, long ipv6SelfLo, int maxFlows, int maxHalfOpen,
                            int maxSessions, int maxSessionsPerClient, int maxRingBytes, long sessionIdleNanos,
                            long dnsIdleNanos, boolean earlyAccept, boolean echoReply, Redirect dns,
                            LoopWatch loopWatch) {
    private static final int LARGEST_TABLE = 1 << 20;
    private static final long SECOND = 1_000_000_000L;

    /** @throws IllegalArgumentException that says which value is outside which range */
    public StackSettings {
        inRange("mtu", mtu, 1280, 65_535);
        inRange("maxFlows", maxFlows, 1, LARGEST_TABLE);
        inRange("maxHalfOpen", maxHalfOpen, 1, maxFlows);
        inRange("maxSessions", maxSessions, 1, LARGEST_TABLE);
        inRange("maxSessionsPerClient", maxSessionsPerClient, 1, maxSessions);
        inRange("maxRingBytes", maxRingBytes, 1 << 12, 1 << 20);
        if (Integer.bitCount(maxRingBytes) != 1) {
            throw new IllegalArgumentException("maxRingBytes is " + maxRingBytes + ", must be a power of two");
        }
        inRange("sessionIdleNanos", sessionIdleNanos, SECOND, 86_400 * SECOND);
        inRange("dnsIdleNanos", dnsIdleNanos, SECOND, 86_400 * SECOND);
        if (ipv4Self == 0 && ipv6SelfHi == 0 && ipv6SelfLo == 0) {
            throw new IllegalArgumentException("neither an IPv4 nor an IPv6 address is given");
        }
    }

    /**
     * The usual limits for a device of this MTU with these addresses on its other side. A flow costs about
     * 2.3 KB of heap, a session about 300 bytes, besides what they have in the slab.
     */
    public static StackSettings of(int mtu, long ipv4Self, long ipv6SelfHi, long ipv6SelfLo) {
        return new StackSettings(mtu, ipv4Self, ipv6SelfHi, ipv6SelfLo, 1 << 14, 1 << 12, 1 << 13, 1 << 12, 1 << 20,
                60 * SECOND, 10 * SECOND, false, true, Redirect.NONE, LoopWatch.NONE);
    }

    /** These settings with other limits on flows. */
    public StackSettings withFlows(int maxFlows, int maxHalfOpen, int maxRingBytes) {
        return new StackSettings(mtu, ipv4Self, ipv6SelfHi, ipv6SelfLo, maxFlows, maxHalfOpen, maxSessions,
                maxSessionsPerClient, maxRingBytes, sessionIdleNanos, dnsIdleNanos, earlyAccept, echoReply, dns,
                loopWatch);
    }

    /** These settings with other limits on UDP sessions. */
    public StackSettings withSessions(int maxSessions, int maxSessionsPerClient, long sessionIdleNanos) {
        return new StackSettings(mtu, ipv4Self, ipv6SelfHi, ipv6SelfLo, maxFlows, maxHalfOpen, maxSessions,
                maxSessionsPerClient, maxRingBytes, sessionIdleNanos, dnsIdleNanos, earlyAccept, echoReply, dns,
                loopWatch);
    }

    /** These settings with other manners. */
    public StackSettings withManners(boolean earlyAccept, boolean echoReply) {
        return new StackSettings(mtu, ipv4Self, ipv6SelfHi, ipv6SelfLo, maxFlows, maxHalfOpen, maxSessions,
                maxSessionsPerClient, maxRingBytes, sessionIdleNanos, dnsIdleNanos, earlyAccept, echoReply, dns,
                loopWatch);
    }

    /** These settings with another way for queries to port 53. */
    public StackSettings withDns(Redirect dns) {
        return new StackSettings(mtu, ipv4Self, ipv6SelfHi, ipv6SelfLo, maxFlows, maxHalfOpen, maxSessions,
                maxSessionsPerClient, maxRingBytes, sessionIdleNanos, dnsIdleNanos, earlyAccept, echoReply, dns,
                loopWatch);
    }

    /** What each of so many stacks may have where all of them together keep to these limits; at least one of each. */
    public StackSettings share(int stacks) {
        int flows = Math.max(1, maxFlows / stacks);
        int sessions = Math.max(1, maxSessions / stacks);
        return withFlows(flows, Math.min(flows, Math.max(1, maxHalfOpen / stacks)), maxRingBytes)
                .withSessions(sessions, Math.min(sessions, Math.max(1, maxSessionsPerClient / stacks)), sessionIdleNanos);
    }

    /** These settings with somebody to tell of flows that come back, so that they are looked for. */
    public StackSettings withLoopWatch(LoopWatch loopWatch) {
        return new StackSettings(mtu, ipv4Self, ipv6SelfHi, ipv6SelfLo, maxFlows, maxHalfOpen, maxSessions,
                maxSessionsPerClient, maxRingBytes, sessionIdleNanos, dnsIdleNanos, earlyAccept, echoReply, dns,
                loopWatch);
    }

    /** Whether an address is what we are called on the TUN's other side. */
    boolean isSelf(long hi, long lo) {
        return hi == 0 ? lo == ipv4Self : hi == ipv6SelfHi && lo == ipv6SelfLo;
    }

    private static void inRange(String name, long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(name + " is " + value + ", must be " + least + ".." + most);
        }
    }
}
