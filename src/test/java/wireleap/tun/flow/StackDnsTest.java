package wireleap.tun.flow;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.dns.Messages;
import wireleap.tun.dns.Nameserver;
import wireleap.tun.dns.Redirect;
import wireleap.tun.mem.Bytes;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Slab;
import wireleap.tun.upstream.SimNet;
import wireleap.tun.upstream.SimServer;
import wireleap.tun.wire.IpPacket;
import wireleap.tun.wire.Reassembly;
import wireleap.tun.wire.UdpHeader;
import wireleap.tun.wire.VirtioNetHeader;

/** What goes to port 53: over TCP where the upstream has no datagrams, and to the resolver that the user names. */
final class StackDnsTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long RESOLVER = SimNet.v4(192, 0, 2, 53);
    private static final int RESOLVER_PORT = 5353;
    private static final int RELAY_PORT = 4000;

    private World world;
    private final Nameserver server = new Nameserver();
    /** What datagram servers got, by whom. */
    private final List<Long> asked = new ArrayList<>();

    @AfterEach
    void nothingIsLeft() {
        assertEquals(World.NOTHING, world.leftAfterClose());
    }

    /** A proxy that carries no datagrams. */
    private void withoutDatagrams(Redirect redirect) {
        world = new World(1, World.settings().withDns(redirect), 16 << 20, true);
        world.manners.datagrams = false;
        world.net.listen(0, World.TARGET, 53, server::connection);
        world.net.listen(World.TARGET6_HI, 1, 53, server::connection);
        world.net.listen(0, RESOLVER, RESOLVER_PORT, server::connection);
    }

    /** Straight out. */
    private void direct(Redirect redirect) {
        world = new World(1, World.settings().withDns(redirect), 16 << 20, false);
        world.net.listen(0, RESOLVER, RESOLVER_PORT, server::connection);
    }

    private static Redirect redirect() {
        return new Redirect(0, RESOLVER, RESOLVER_PORT);
    }

    private void answerDatagrams(long lo, int port) {
        world.net.listenDatagrams(0, lo, port, (from, to, datagram) -> {
            asked.add(lo);
            from.deliver(to, server.answerTo(datagram));
        });
    }

    private void ask(int port, long target, byte[] query) {
        world.toStack(Packets.udp(0, World.CLIENT, port, 0, target, 53, query));
    }

    /** A UDP datagram that a client got. */
    private record Got(long fromLo, int fromPort, int toPort, byte[] payload) {
        static Got of(byte[] packet) {
            MemorySegment memory = MemorySegment.ofArray(packet);
            IpPacket ip = new IpPacket();
            UdpHeader udp = new UdpHeader();
            assertEquals(IpPacket.OK, ip.parse(memory, 0, packet.length));
            assertTrue(udp.wrap(memory, ip.payloadOffset(), ip.payloadLength()));
            return new Got(ip.srcLo(), udp.srcPort(), udp.dstPort(),
                    memory.asSlice(udp.payloadOffset(), udp.payloadLength()).toArray(ValueLayout.JAVA_BYTE));
        }

        List<Object> ends() {
            return List.of(fromLo, fromPort, toPort);
        }
    }

    private Got only() {
        assertEquals(1, world.others.size());
        return Got.of(world.others.getFirst());
    }

    @Test
    void withoutDatagramsAQueryGoesOverTcp() {
        withoutDatagrams(Redirect.NONE);
        byte[] query = Messages.query(7, "example.org");
        ask(5000, World.TARGET, query);
        world.run(SECOND);
        assertEquals(List.of(World.TARGET, 53, 5000), only().ends());
        assertArrayEquals(Messages.answer(query, 4), only().payload());
    }

    @Test
    void ipv6QueriesGoOverTcpToo() {
        withoutDatagrams(Redirect.NONE);
        byte[] query = Messages.query(7, "example.org");
        world.toStack(Packets.udp(World.CLIENT6_HI, 0, 5000, World.TARGET6_HI, 1, 53, query));
        world.run(SECOND);
        assertEquals(List.of(1L, 53, 5000), only().ends());
    }

    @Test
    void queriesThatWaitForASessionWhichNeverComesAreNotLost() {
        withoutDatagrams(Redirect.NONE);
        for (int i = 1; i <= 1500; i++) {
            ask(5000, World.TARGET, Messages.query(i, Nameserver.name(i)));
        }
        world.run(SECOND);
        assertEquals(1500, world.others.size());
        assertEquals(1500, world.count(Counter.DNS_QUERIES));
    }

    @Test
    void oncePutInTheKnowNoSessionIsTried() {
        withoutDatagrams(Redirect.NONE);
        for (int i = 1; i <= 5; i++) {
            ask(i, World.TARGET, Messages.query(i, "example.org"));
            world.run(SECOND);
        }
        assertEquals(5, world.others.size());
        assertEquals(1, world.count(Counter.UDP_SESSIONS_OPENED));
        assertEquals(1, server.connections);
    }

    @Test
    void withDatagramsAQueryIsOne() {
        direct(Redirect.NONE);
        answerDatagrams(World.TARGET, 53);
        ask(5000, World.TARGET, Messages.query(7, "example.org"));
        world.run(SECOND);
        assertEquals(List.of(World.TARGET, 53, 5000), only().ends());
        assertEquals(0, world.count(Counter.DNS_QUERIES));
    }

    @Test
    void aLargeAnswerComesInFragments() {
        withoutDatagrams(Redirect.NONE);
        server.dataBytes = 40_000;
        byte[] query = Messages.query(7, "example.org", 65_000, 0);
        ask(5000, World.TARGET, query);
        world.run(SECOND);
        assertTrue(world.others.size() > 20);
        assertArrayEquals(Messages.answer(query, 40_000), Got.of(reassembled()).payload());
    }

    private byte[] reassembled() {
        Slab slab = new Slab(MemorySegment.ofArray(new byte[1 << 20]));
        Reassembly reassembly = new Reassembly(slab, 4, 1 << 18, SECOND, world.counters);
        IpPacket ip = new IpPacket();
        for (byte[] fragment : world.others) {
            assertEquals(IpPacket.OK, ip.parse(MemorySegment.ofArray(fragment), 0, fragment.length));
            if (reassembly.add(ip, 0)) {
                return reassembly.memory().asSlice(reassembly.offset(), reassembly.length())
                        .toArray(ValueLayout.JAVA_BYTE);
            }
        }
        throw new AssertionError("never complete");
    }

    @Test
    void otherPortsAreNotTaken() {
        withoutDatagrams(redirect());
        world.toStack(Packets.udp(0, World.CLIENT, 5000, 0, World.TARGET, 54, Messages.query(7, "example.org")));
        world.run(SECOND);
        assertEquals(0, world.count(Counter.DNS_QUERIES));
        assertEquals(1, world.count(Counter.ICMP_ERROR_SENT));
    }

    @Test
    void withARedirectQueriesGoOverTcpToTheResolver() {
        withoutDatagrams(redirect());
        ask(5000, World.TARGET, Messages.query(7, "example.org"));
        world.run(SECOND);
        assertEquals(List.of(World.TARGET, 53, 5000), only().ends());
        assertEquals(List.of(RESOLVER, RESOLVER_PORT), List.of(world.manners.lo, world.manners.port));
    }

    @Test
    void withARedirectDatagramsGoToTheResolverAndAnswersComeFromWhoWasAsked() {
        direct(redirect());
        answerDatagrams(RESOLVER, RESOLVER_PORT);
        byte[] query = Messages.query(7, "example.org");
        ask(5000, World.TARGET, query);
        world.run(SECOND);
        assertEquals(List.of(RESOLVER), asked);
        assertEquals(List.of(World.TARGET, 53, 5000), only().ends());
        assertArrayEquals(Messages.answer(query, 4), only().payload());
    }

    @Test
    void oneSocketMayAskManyServersAtOnce() {
        direct(redirect());
        answerDatagrams(RESOLVER, RESOLVER_PORT);
        for (int i = 0; i < 10; i++) {
            ask(5000, World.TARGET + i, Messages.query(i, "example.org"));
        }
        world.run(SECOND);
        assertEquals(10, world.others.size());
        world.others.forEach(packet -> {
            Got got = Got.of(packet);
            assertEquals(World.TARGET + Messages.u16(got.payload(), 0), got.fromLo());
        });
    }

    @Test
    void throughAProxyDatagramsGoToTheResolverToo() {
        world = new World(1, World.settings().withDns(redirect()), 16 << 20, true);
        world.manners.boundAddress = new byte[] {1, (byte) 192, 0, 2, 1, RELAY_PORT >> 8, (byte) RELAY_PORT};
        List<byte[]> relayed = new ArrayList<>();
        world.net.listenDatagrams(0, World.PROXY, RELAY_PORT, (from, to, datagram) -> {
            relayed.add(datagram);
            from.deliver(to, datagram);
        });
        ask(5000, World.TARGET, Messages.query(7, "example.org"));
        ask(5000, World.TARGET + 1, Messages.query(8, "example.org"));
        world.run(SECOND);
        relayed.forEach(datagram ->
                assertEquals((int) RESOLVER, Bytes.i32(MemorySegment.ofArray(datagram), 4)));
        assertEquals(Set.of(List.of(World.TARGET, 53, 5000), List.of(World.TARGET + 1, 53, 5000)),
                world.others.stream().map(packet -> Got.of(packet).ends()).collect(Collectors.toSet()));
    }

    @Test
    void aResolverWhosePortIsClosedIsPortUnreachableOfWhoWasAsked() {
        direct(redirect());
        ask(5000, World.TARGET, Messages.query(7, "example.org"));
        world.run(SECOND);
        byte[] packet = world.others.getFirst();
        assertEquals(1, packet[9]);
        assertEquals((int) World.TARGET, Bytes.i32(MemorySegment.ofArray(packet), 44));
        assertEquals(5000 << 16 | 53, Bytes.i32(MemorySegment.ofArray(packet), 48));
    }

    @Test
    void aResolverOfTheOtherFamilyIsAskedOverTcp() {
        direct(new Redirect(World.TARGET6_HI, 1, 53));
        world.net.listen(World.TARGET6_HI, 1, 53, server::connection);
        ask(5000, World.TARGET, Messages.query(7, "example.org"));
        world.run(SECOND);
        assertEquals(List.of(World.TARGET, 53, 5000), only().ends());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void connectionsToPort53GoToTheResolver(boolean socks) {
        world = new World(1, World.settings().withDns(redirect()), 16 << 20, socks);
        world.net.listen(0, RESOLVER, RESOLVER_PORT, SimServer::echo);
        SimClient client = world.add(new SimClient(world, 0, World.CLIENT, 5000, 0, World.TARGET, 53));
        client.sends(1000, true).open();
        world.settle();
        assertEquals(1000, client.received);
        assertEquals(1, world.count(Counter.DNS_REDIRECTED));
    }

    @Test
    void aSuperDatagramOfTooManyIsDroppedBeforeAnythingIsAsked() {
        direct(redirect());
        byte[] packet = Packets.udp(World.CLIENT6_HI, 0, 5000, World.TARGET6_HI, 1, 53, new byte[3000]);
        VirtioNetHeader.write(MemorySegment.ofArray(packet), 0, VirtioNetHeader.NEEDS_CSUM, VirtioNetHeader.GSO_UDP_L4,
                48, 1, 40, 6);
        world.toStack(packet);
        world.run(SECOND / 10);
        assertEquals(1, world.count(Counter.DROP_UDP_HEADER));
        assertEquals(0, world.count(Counter.DNS_QUERIES_MALFORMED));
    }
}
