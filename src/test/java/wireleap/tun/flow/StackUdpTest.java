package wireleap.tun.flow;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.mem.Bytes;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Slab;
import wireleap.tun.upstream.SimDatagramLink;
import wireleap.tun.upstream.SimNet.Endpoint;
import wireleap.tun.upstream.SocketError;
import wireleap.tun.wire.Checksum;
import wireleap.tun.wire.IpPacket;
import wireleap.tun.wire.IpWriter;
import wireleap.tun.wire.Reassembly;
import wireleap.tun.wire.UdpHeader;
import wireleap.tun.wire.VirtioNetHeader;

/** Datagrams of clients, and what comes back. */
final class StackUdpTest {
    private static final long SECOND = 1_000_000_000L;
    private static final int RELAY_PORT = 4000;

    private World world = World.direct();
    private final List<byte[]> arrived = new ArrayList<>();
    private SimDatagramLink link;

    @AfterEach
    void nothingIsLeft() {
        assertEquals(World.NOTHING, world.leftAfterClose());
    }

    private void echoAt(long hi, long lo, int port) {
        world.net.listenDatagrams(hi, lo, port, (from, to, datagram) -> {
            arrived.add(datagram);
            link = from;
            from.deliver(to, datagram);
        });
    }

    /** A relay that sends each datagram back as if from its target. */
    private void relay() {
        world = World.socks();
        world.manners.boundAddress = new byte[] {1, (byte) 192, 0, 2, 1, RELAY_PORT >> 8, (byte) RELAY_PORT};
        echoAt(0, World.PROXY, RELAY_PORT);
    }

    private void send(int port, long target, byte[] payload) {
        world.toStack(Packets.udp(0, World.CLIENT, port, 0, target, 53, payload));
    }

    private void sendAndWait(int port, long target, byte[] payload) {
        send(port, target, payload);
        world.run(SECOND / 10);
    }

    /** Of what arrived, in whatever order the network let it. */
    private List<Integer> lengths() {
        return arrived.stream().map(bytes -> bytes.length).sorted().toList();
    }

    private static byte[] payload(int length) {
        return SimClient.stream(0, length);
    }

    /** Source, ports and payload of a whole UDP packet without virtio header. */
    private static List<Object> seen(byte[] packet) {
        MemorySegment memory = MemorySegment.ofArray(packet);
        IpPacket ip = new IpPacket();
        UdpHeader udp = new UdpHeader();
        assertEquals(IpPacket.OK, ip.parse(memory, 0, packet.length));
        assertTrue(udp.wrap(memory, ip.payloadOffset(), ip.payloadLength()));
        return List.of(ip.srcLo(), udp.srcPort(), ip.dstLo(), udp.dstPort(), udp.payloadLength());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 1200, 1472})
    void datagramIsCarriedAndAnswered(int length) {
        echoAt(0, World.TARGET, 53);
        sendAndWait(5000, World.TARGET, payload(length));
        assertArrayEquals(payload(length), arrived.getFirst());
        assertEquals(List.of(World.TARGET, 53, World.CLIENT, 5000, length), seen(world.others.getFirst()));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 1200, 1472})
    void datagramIsCarriedAndAnsweredThroughAProxy(int length) {
        relay();
        sendAndWait(5000, World.TARGET, payload(length));
        assertEquals(length + 10, arrived.getFirst().length);
        assertEquals(List.of(World.TARGET, 53, World.CLIENT, 5000, length), seen(world.others.getFirst()));
    }

    @Test
    void ipv6DatagramIsCarriedAndAnswered() {
        echoAt(World.TARGET6_HI, 9, 53);
        world.toStack(Packets.udp(World.CLIENT6_HI, 0, 5000, World.TARGET6_HI, 9, 53, payload(1000)));
        world.run(SECOND / 10);
        assertEquals(List.of(9L, 53, 0L, 5000, 1000), seen(world.others.getFirst()));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void largeAnswerComesInFragments(boolean v6) {
        long hi = v6 ? World.TARGET6_HI : 0;
        long lo = v6 ? 9 : World.TARGET;
        echoAt(hi, lo, 53);
        IpWriter ip = new IpWriter().between(v6 ? World.CLIENT6_HI : 0, v6 ? 0 : World.CLIENT, hi, lo, 17);
        byte[] datagram = Packets.udpBytes(ip, 5000, 53, payload(65_000));
        for (byte[] fragment : Packets.fragments(ip, datagram, 1448, 7)) {
            world.toStack(fragment);
        }
        world.run(SECOND / 10);
        assertArrayEquals(payload(65_000), arrived.getFirst());
        assertEquals(List.of(lo, 53, v6 ? 0 : World.CLIENT, 5000, 65_000), reassembled());
    }

    private List<Object> reassembled() {
        Slab slab = new Slab(MemorySegment.ofArray(new byte[1 << 20]));
        Reassembly reassembly = new Reassembly(slab, 4, 1 << 18, SECOND, new Counters());
        IpPacket ip = new IpPacket();
        for (byte[] fragment : world.others) {
            assertTrue(fragment.length <= World.MTU);
            assertEquals(IpPacket.OK, ip.parse(MemorySegment.ofArray(fragment), 0, fragment.length));
            if (reassembly.add(ip, 0)) {
                byte[] whole = new byte[reassembly.length()];
                MemorySegment.copy(reassembly.memory(), reassembly.offset(), MemorySegment.ofArray(whole), 0,
                        whole.length);
                return seen(whole);
            }
        }
        throw new AssertionError("never complete");
    }

    @Test
    void oneSocketSpeaksToManyTargets() {
        for (int i = 1; i <= 10; i++) {
            echoAt(0, World.TARGET + i, 53);
            send(5000, World.TARGET + i, payload(i));
        }
        world.run(SECOND / 10);
        assertEquals(10, world.others.size());
        assertEquals(1, world.stack.udpSessions());
        assertEquals(1, world.net.madeLinks());
    }

    @Test
    void answerFromAnybodyIsTaken() {
        echoAt(0, World.TARGET, 53);
        sendAndWait(5000, World.TARGET, payload(1));
        link.deliver(new Endpoint(0, World.TARGET + 77, 1234), payload(5));
        world.run(SECOND / 10);
        assertEquals(List.of(World.TARGET + 77, 1234, World.CLIENT, 5000, 5), seen(world.others.getLast()));
    }

    @Test
    void answerOfTheOtherFamilyIsDropped() {
        echoAt(0, World.TARGET, 53);
        sendAndWait(5000, World.TARGET, payload(1));
        link.deliver(new Endpoint(World.TARGET6_HI, 1, 1234), payload(5));
        world.run(SECOND / 10);
        assertEquals(1, world.others.size());
        assertEquals(1, world.count(Counter.DATAGRAMS_DOWN_FOREIGN));
    }

    @Test
    void datagramsSentWhileTheProxyIsAskedAreKept() {
        relay();
        for (int i = 1; i <= 5; i++) {
            send(5000, World.TARGET, payload(i * 100));
        }
        world.run(SECOND / 10);
        assertEquals(List.of(110, 210, 310, 410, 510), lengths());
    }

    @Test
    void datagramsBeyondWhatIsKeptAreLost() {
        relay();
        for (int i = 0; i < 50; i++) {
            world.toStack(Packets.udp(0, World.CLIENT, 5000, 0, World.TARGET, 443, payload(1400)));
        }
        world.run(SECOND / 10);
        assertEquals(46, arrived.size());
        assertEquals(4, world.count(Counter.DATAGRAMS_UP_NO_ROOM));
        assertEquals(46, world.count(Counter.DATAGRAMS_UP));
    }

    @Test
    void largestDatagramIsKeptWhileTheProxyIsAsked() {
        relay();
        IpWriter ip = new IpWriter().between(0, World.CLIENT, 0, World.TARGET, 17);
        for (byte[] fragment : Packets.fragments(ip, Packets.udpBytes(ip, 5000, 53, payload(65_497)), 1480, 7)) {
            world.toStack(fragment);
        }
        world.run(SECOND / 10);
        assertEquals(List.of(65_507), lengths());
    }

    /** Whatever is gathered to be sent in one go, what arrives is what was sent: sizes, targets and bytes. */
    @ParameterizedTest
    @CsvSource({"1, false", "2, false", "3, true", "4, true"})
    void whatIsSentInATurnArrivesAsItWasSent(long seed, boolean proxied) {
        if (proxied) {
            relay();
        }
        Random random = new Random(seed);
        int[] sizes = {0, 1, 900, 1000, 1000, 1000, 1462};
        List<String> expected = new ArrayList<>();
        List<String> seen = new ArrayList<>();
        for (int i = 0; i < 4 && !proxied; i++) {
            int target = i;
            world.net.listenDatagrams(0, World.TARGET + i / 2, 53 + i % 2,
                    (from, to, datagram) -> seen.add(target + " " + Arrays.hashCode(datagram)));
        }
        for (int i = 0; i < 1000; i++) {
            int target = random.nextInt(10) == 0 ? random.nextInt(4) : 0;
            byte[] payload = SimClient.stream(random.nextInt(), sizes[random.nextInt(sizes.length)]);
            expected.add((proxied ? 0 : target) + " " + Arrays.hashCode(payload));
            world.toStack(Packets.udp(0, World.CLIENT, 5000 + (random.nextInt(20) == 0 ? 1 : 0), 0,
                    World.TARGET + target / 2, 53 + target % 2, payload));
            if (random.nextInt(16) == 0) {
                world.run(SECOND / 100);
            }
        }
        world.run(SECOND);
        arrived.forEach(datagram -> seen.add("0 " + Arrays.hashCode(Arrays.copyOfRange(datagram, 10,
                datagram.length))));
        assertEquals(expected.stream().sorted().toList(), seen.stream().sorted().toList());
        assertEquals(1000, world.count(Counter.DATAGRAMS_UP));
    }

    @Test
    void datagramsOfTwoSocketsGoEachByItsOwn() {
        echoAt(0, World.TARGET, 53);
        for (int port : new int[] {5000, 5001, 5001}) {
            send(port, World.TARGET, payload(1000));
        }
        world.run(SECOND / 10);
        assertEquals(List.of(5000, 5001, 5001), world.others.stream().map(packet -> seen(packet).get(3)).sorted()
                .toList());
    }

    @Test
    void superDatagramThatIsTooLongWithItsHeadersArrivesOnce() {
        relay();
        sendAndWait(5000, World.TARGET, payload(1));
        byte[] packet = Packets.udp(0, World.CLIENT, 5000, 0, World.TARGET, 53, payload(65_000));
        VirtioNetHeader.write(MemorySegment.ofArray(packet), 0, VirtioNetHeader.NEEDS_CSUM, VirtioNetHeader.GSO_UDP_L4,
                28, 1000, 20, 6);
        world.toStack(packet);
        world.run(SECOND / 10);
        assertEquals(66, arrived.size());
        assertEquals(66, world.count(Counter.DATAGRAMS_UP));
    }

    @Test
    void whatIsTooLargeWithItsHeaderIsCountedAndLost() {
        relay();
        IpWriter ip = new IpWriter().between(World.CLIENT6_HI, 0, World.TARGET6_HI, 9, 17);
        for (byte[] fragment : Packets.fragments(ip, Packets.udpBytes(ip, 5000, 53, payload(65_500)), 1448, 7)) {
            world.toStack(fragment);
        }
        world.run(SECOND / 10);
        assertEquals(0, arrived.size());
        assertEquals(1, world.count(Counter.DATAGRAMS_UP_TOO_LARGE));
    }

    @Test
    void whatTheSocketRefusesIsCountedAndToldToTheClient() {
        world.net.refuseDatagrams(SocketError.NET_UNREACHABLE);
        sendAndWait(5000, World.TARGET, payload(1));
        assertEquals(1, world.count(Counter.DATAGRAMS_UP_FAILED));
        assertArrayEquals(new byte[] {3, 0}, Arrays.copyOfRange(world.others.getFirst(), 20, 22));
    }

    @Test
    void answerLargerThanIpCanCarryIsCountedAndLost() {
        answers(65_508);
        assertEquals(1, world.count(Counter.DATAGRAMS_DOWN_TOO_LARGE));
        assertEquals(0, world.others.size());
    }

    @Test
    void equalDatagramsOfATurnGoUpInOneGo() {
        echoAt(0, World.TARGET, 53);
        for (int i = 0; i < 10; i++) {
            send(5000, World.TARGET, payload(1000));
        }
        world.run(SECOND / 10);
        assertEquals(10, arrived.size());
        assertEquals(1, link.trains());
    }

    @Test
    void equalAnswersOfATurnAreOneSuperDatagram() {
        answers(1000, 1000, 1000, 400);
        assertEquals(3428, world.others.getLast().length);
        assertEquals(1, world.others.size());
        assertEquals(List.of(World.TARGET, 53, World.CLIENT, 5000, 3400), seen(world.others.getLast()));
    }

    @Test
    void answersAreOnesOfTheirOwnWhereTheDeviceCutsNone() {
        world.cutsDatagrams = false;
        answers(1000, 1000, 400);
        assertEquals(List.of(428, 1028, 1028), world.others.stream().map(packet -> packet.length).sorted().toList());
    }

    /** A session, and these answers for it that wait in its socket. */
    private void answers(int... lengths) {
        world.net.listenDatagrams(0, World.TARGET, 53, (from, to, datagram) -> link = from);
        sendAndWait(5000, World.TARGET, payload(1));
        for (int length : lengths) {
            link.arrive(new Endpoint(0, World.TARGET, 53), payload(length));
        }
        world.run(SECOND / 10);
    }

    /** Cut as a kernel would, the packets that went down hold exactly the datagrams that came. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void whatIsGatheredOfAnswersIsWhatCame(long seed) {
        Random random = new Random(seed);
        world.net.listenDatagrams(0, World.TARGET, 53, (from, to, datagram) -> link = from);
        List<String> cut = new ArrayList<>();
        world.tap = packet -> cut(packet, cut);
        sendAndWait(5000, World.TARGET, payload(1));
        int[] sizes = {0, 1, 900, 1000, 1000, 1000, 1472};
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            byte[] payload = SimClient.stream(random.nextInt(), sizes[random.nextInt(sizes.length)]);
            long from = World.TARGET + (random.nextInt(10) == 0 ? 1 : 0);
            expected.add(from + " " + Arrays.hashCode(payload));
            link.arrive(new Endpoint(0, from, 53), payload);
        }
        world.run(SECOND);
        assertEquals(expected, cut);
        assertEquals(1000, world.count(Counter.DATAGRAMS_DOWN));
    }

    private static void cut(byte[] packet, List<String> datagrams) {
        MemorySegment memory = MemorySegment.ofArray(packet);
        VirtioNetHeader virtio = new VirtioNetHeader();
        virtio.wrap(memory, 0, packet.length);
        IpPacket ip = new IpPacket();
        ip.parse(memory, VirtioNetHeader.BYTES, packet.length - VirtioNetHeader.BYTES);
        int at = (int) ip.payloadOffset() + UdpHeader.BYTES;
        int each = virtio.gsoSize() == 0 ? Math.max(1, packet.length - at) : virtio.gsoSize();
        do {
            int end = Math.min(packet.length, at + each);
            datagrams.add(ip.srcLo() + " " + Arrays.hashCode(Arrays.copyOfRange(packet, at, end)));
            at = end;
        } while (at < packet.length);
    }

    @Test
    void datagramThatMayNotBeCutAndIsTooBigIsToldWhatTheWayAllows() {
        echoAt(0, World.TARGET, 53);
        world.net.mtu(1400);
        sendAndWait(5000, World.TARGET, payload(1373));
        assertEquals(List.of(), arrived);
        MemorySegment error = MemorySegment.ofArray(world.others.getFirst());
        assertEquals(3 << 8 | 4, Bytes.u16(error, 20));
        assertEquals(1400, Bytes.u16(error, 26));
        assertEquals(5000 << 16 | 53, Bytes.i32(error, 48));
        assertEquals(1, world.count(Counter.DATAGRAMS_UP_TOO_LARGE));
    }

    @Test
    void ipv6DatagramThatIsTooBigIsToldWhatTheWayAllowsAndCutAllTheSame() {
        echoAt(World.TARGET6_HI, 9, 53);
        world.net.mtu(1400);
        world.toStack(Packets.udp(World.CLIENT6_HI, 0, 5000, World.TARGET6_HI, 9, 53, payload(1400)));
        world.run(SECOND / 10);
        MemorySegment error = MemorySegment.ofArray(world.others.getFirst());
        assertEquals(2 << 8, Bytes.u16(error, 40));
        assertEquals(1400, Bytes.i32(error, 44));
        assertEquals(5000 << 16 | 53, Bytes.i32(error, 88));
        assertEquals(List.of(1400), lengths());
        assertEquals(0, world.count(Counter.DATAGRAMS_UP_TOO_LARGE));
    }

    @Test
    void datagramThatMayBeCutIsCutOnItsWay() {
        echoAt(0, World.TARGET, 53);
        world.net.mtu(1400);
        world.toStack(withoutDontFragment(Packets.udp(0, World.CLIENT, 5000, 0, World.TARGET, 53, payload(1400))));
        world.run(SECOND / 10);
        assertEquals(List.of(1400), lengths());
    }

    @Test
    void datagramsThatMayBeCutDoNotGoWithThoseThatMayNot() {
        echoAt(0, World.TARGET, 53);
        world.net.mtu(1400);
        byte[] packet = Packets.udp(0, World.CLIENT, 5000, 0, World.TARGET, 53, payload(1400));
        for (byte[] each : List.of(withoutDontFragment(packet), packet, withoutDontFragment(packet), packet)) {
            world.toStack(each);
        }
        world.run(SECOND / 10);
        assertEquals(List.of(1400, 1400), lengths());
        assertEquals(2, world.count(Counter.DATAGRAMS_UP_TOO_LARGE));
    }

    private static byte[] withoutDontFragment(byte[] packet) {
        MemorySegment memory = MemorySegment.ofArray(packet.clone());
        Bytes.putU16(memory, VirtioNetHeader.BYTES + 6, 0);
        Bytes.putU16(memory, VirtioNetHeader.BYTES + 10, 0);
        int sum = Checksum.sum(memory, VirtioNetHeader.BYTES, 20, 0);
        Bytes.putU16(memory, VirtioNetHeader.BYTES + 10, Checksum.complement(sum));
        return memory.toArray(ValueLayout.JAVA_BYTE);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void datagramThatCameInFragmentsMayBeCut(boolean v6) {
        long hi = v6 ? World.TARGET6_HI : 0;
        long lo = v6 ? 9 : World.TARGET;
        echoAt(hi, lo, 53);
        world.net.mtu(1400);
        IpWriter ip = new IpWriter().between(v6 ? World.CLIENT6_HI : 0, v6 ? 0 : World.CLIENT, hi, lo, 17);
        for (byte[] fragment : Packets.fragments(ip, Packets.udpBytes(ip, 5000, 53, payload(3000)), 1448, 7)) {
            world.toStack(fragment);
        }
        world.run(SECOND / 10);
        assertEquals(List.of(3000), lengths());
        assertEquals(0, world.count(Counter.ICMP_ERROR_SENT));
    }

    @Test
    void sessionEndsAfterAMinuteOfSilence() {
        world.toStack(Packets.udp(0, World.CLIENT, 5000, 0, World.TARGET, 443, payload(1)));
        world.run(59 * SECOND);
        assertEquals(1, world.stack.udpSessions());
        world.run(2 * SECOND);
        assertEquals(0, world.stack.udpSessions());
    }

    @Test
    void sessionThatIsUsedLives() {
        echoAt(0, World.TARGET, 443);
        for (int i = 0; i < 10; i++) {
            world.toStack(Packets.udp(0, World.CLIENT, 5000, 0, World.TARGET, 443, payload(1)));
            world.run(50 * SECOND);
        }
        assertEquals(1, world.net.madeLinks());
    }

    @Test
    void sessionOfQueriesEndsAfterTenSeconds() {
        echoAt(0, World.TARGET, 53);
        sendAndWait(5000, World.TARGET, payload(1));
        world.run(11 * SECOND);
        assertEquals(0, world.stack.udpSessions());
    }

    @Test
    void sessionThatIsIdleLongestGivesWay() {
        world = new World(1, World.settings().withSessions(3, 3, 60 * SECOND), 1 << 20, false);
        echoAt(0, World.TARGET, 53);
        for (int port : new int[] {1, 2, 3, 1, 4}) {
            sendAndWait(port, World.TARGET, payload(1));
        }
        assertEquals(3, world.stack.udpSessions());
        assertEquals(1, world.count(Counter.UDP_SESSIONS_EVICTED));
        sendAndWait(1, World.TARGET, payload(1));
        assertEquals(4, world.net.madeLinks());
    }

    @Test
    void datagramsOfASessionThatGivesWayAreSentBefore() {
        world = new World(1, World.settings().withSessions(1, 1, 60 * SECOND), 1 << 20, false);
        Set<SimDatagramLink> sockets = new HashSet<>();
        world.net.listenDatagrams(0, World.TARGET, 53, (from, to, datagram) -> {
            sockets.add(from);
            arrived.add(datagram);
        });
        for (int port = 1; port <= 5; port++) {
            send(port, World.TARGET, payload(port));
        }
        world.run(SECOND / 10);
        assertEquals(List.of(1, 2, 3, 4, 5), lengths());
        assertEquals(5, sockets.size());
    }

    @Test
    void greedyClientEvictsItsOwnSessionsOnly() {
        world = new World(1, World.settings().withSessions(10, 3, 60 * SECOND), 1 << 20, false);
        world.toStack(Packets.udp(0, World.CLIENT + 5, 1, 0, World.TARGET, 53, payload(1)));
        world.run(SECOND / 10);
        for (int port = 1; port <= 50; port++) {
            sendAndWait(port, World.TARGET, payload(1));
        }
        assertEquals(4, world.stack.udpSessions());
        world.toStack(Packets.udp(0, World.CLIENT + 5, 1, 0, World.TARGET, 53, payload(1)));
        world.run(SECOND / 10);
        assertEquals(51, world.net.madeLinks());
    }

    @Test
    void closedPortIsPortUnreachableQuotingTheDatagram() {
        sendAndWait(5000, World.TARGET, payload(1));
        byte[] packet = world.others.getFirst();
        assertArrayEquals(new byte[] {1, 3, 3}, new byte[] {packet[9], packet[20], packet[21]});
        assertEquals(5000 << 16 | 53, Bytes.i32(MemorySegment.ofArray(packet), 48));
    }

    @Test
    void errorsAreToldInShares() {
        for (int i = 0; i < 90; i++) {
            send(5000, World.TARGET, payload(i + 1));
        }
        world.net.settle();
        world.stack.endOfTurn(world.net.nowNanos());
        assertEquals(32, world.count(Counter.ICMP_ERROR_SENT));
        world.run(SECOND / 10);
        assertEquals(90, world.count(Counter.ICMP_ERROR_SENT));
    }

    @Test
    void proxyWithoutDatagramsIsPortUnreachable() {
        relay();
        world.manners.reply = 7;
        for (int i = 0; i < 2; i++) {
            world.toStack(Packets.udp(0, World.CLIENT, 5000, 0, World.TARGET, 443, payload(1)));
            world.run(SECOND / 10);
        }
        assertEquals(2, world.count(Counter.ICMP_ERROR_SENT));
        assertEquals(1, world.count(Counter.UPSTREAM_DIALS));
        assertEquals(1, world.count(Counter.DATAGRAMS_UP_UNSENT), "the first one waited, the second was refused");
    }

    @Test
    void sessionIsMadeAnewAfterItsControlConnectionEnded() {
        relay();
        sendAndWait(5000, World.TARGET, payload(1));
        world.manners.control.serverReset();
        world.run(SECOND / 10);
        assertEquals(0, world.stack.udpSessions());
        assertEquals(1, world.count(Counter.UDP_SESSIONS_UPSTREAM_ENDED));
        sendAndWait(5000, World.TARGET, payload(1));
        assertEquals(2, world.others.size());
    }

    @Test
    void socketsThatCannotBeMadeArePortUnreachable() {
        world.net.exhausted(true);
        sendAndWait(5000, World.TARGET, payload(1));
        assertEquals(1, world.count(Counter.UDP_SESSIONS_REFUSED));
        assertEquals(3, world.others.getFirst()[21]);
    }

    @Test
    void superDatagramIsSplit() {
        echoAt(0, World.TARGET, 53);
        byte[] packet = Packets.udp(0, World.CLIENT, 5000, 0, World.TARGET, 53, payload(3000));
        VirtioNetHeader.write(MemorySegment.ofArray(packet), 0, VirtioNetHeader.NEEDS_CSUM, VirtioNetHeader.GSO_UDP_L4,
                28, 1200, 20, 6);
        world.toStack(packet);
        world.run(SECOND / 10);
        assertEquals(List.of(600, 1200, 1200), lengths());
        byte[] last = arrived.stream().filter(bytes -> bytes.length == 600).findFirst().orElseThrow();
        assertArrayEquals(SimClient.stream(2400, 600), last);
    }

    @Test
    void superDatagramOfTooManyIsDropped() {
        byte[] packet = Packets.udp(0, World.CLIENT, 5000, 0, World.TARGET, 53, payload(3000));
        VirtioNetHeader.write(MemorySegment.ofArray(packet), 0, VirtioNetHeader.NEEDS_CSUM, VirtioNetHeader.GSO_UDP_L4,
                28, 1, 20, 6);
        world.toStack(packet);
        world.run(SECOND / 10);
        assertEquals(1, world.count(Counter.DROP_UDP_HEADER));
    }

    @Test
    void wrongChecksumIsDropped() {
        byte[] packet = Packets.udp(0, World.CLIENT, 5000, 0, World.TARGET, 53, payload(10));
        packet[packet.length - 1] ^= 1;
        world.toStack(packet);
        world.run(SECOND / 10);
        assertEquals(1, world.count(Counter.DROP_UDP_CHECKSUM));
    }

    @Test
    void clientWhoseSocketIsGoneLosesItsSession() {
        echoAt(0, World.TARGET, 53);
        sendAndWait(5000, World.TARGET, payload(1));
        IpWriter ip = new IpWriter().between(0, World.CLIENT, 0, World.TARGET, 1);
        world.toStack(Packets.packet(ip, Packets.icmp(ip, 3, 3, 0, world.others.getFirst())));
        world.run(SECOND / 10);
        assertEquals(0, world.stack.udpSessions());
        assertEquals(1, world.count(Counter.UDP_SESSIONS_CLIENT_GONE));
    }

    @Test
    void sessionWithLargeDatagramsDoesNotStarveAnother() {
        world.net.listenDatagrams(0, World.TARGET, 53, (from, to, datagram) -> link = from);
        sendAndWait(5000, World.TARGET, payload(1));
        for (int i = 0; i < 20; i++) {
            link.arrive(new Endpoint(0, World.TARGET, 53), payload(65_000));
        }
        world.stack.endOfTurn(world.net.nowNanos());
        assertEquals(5, world.count(Counter.DATAGRAMS_DOWN));
    }

    @Test
    void busySessionDoesNotStarveAnother() {
        echoAt(0, World.TARGET, 53);
        sendAndWait(5000, World.TARGET, payload(1));
        for (int i = 0; i < 10_000; i++) {
            link.deliver(new Endpoint(0, World.TARGET, 53), payload(10));
        }
        world.net.settle();
        long before = world.count(Counter.DATAGRAMS_DOWN);
        world.stack.endOfTurn(world.net.nowNanos());
        assertEquals(32, world.count(Counter.DATAGRAMS_DOWN) - before);
        world.run(SECOND / 10);
        assertEquals(10_001, world.count(Counter.DATAGRAMS_DOWN));
    }
}
