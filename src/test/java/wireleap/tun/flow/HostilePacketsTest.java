package wireleap.tun.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.upstream.SimServer;
import wireleap.tun.wire.IpWriter;

/** Noise and packets with anything changed: nothing throws, nothing leaks, no other flow is disturbed. */
final class HostilePacketsTest {
    private static final int PACKETS = 20_000;

    private static World world(long seed) {
        StackSettings settings = World.settings().withFlows(200, 50, 1 << 16).withSessions(50, 50, 60_000_000_000L);
        World world = new World(seed, settings, 2 << 20, seed % 2 == 0);
        world.net.listen(0, World.TARGET, 80, SimServer::echo);
        world.net.listenDatagrams(0, World.TARGET, 53, (from, to, datagram) -> from.deliver(to, datagram));
        return world;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void noiseDoesNoHarm(long seed) {
        World world = world(seed);
        Random random = new Random(seed);
        SimClient client = world.client(999).sends(200_000, true).open();
        for (int i = 0; i < PACKETS; i++) {
            byte[] noise = new byte[random.nextInt(i % 100 == 0 ? 65_536 : 200)];
            random.nextBytes(noise);
            if (noise.length > 12 && random.nextInt(4) > 0) {
                noise[12] = (byte) (random.nextBoolean() ? 0x45 : 0x60);
            }
            world.inject(noise);
            world.run(random.nextInt(100_000));
        }
        finish(world, client);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void changedPacketsDoNoHarm(long seed) {
        World world = world(seed);
        Random random = new Random(seed);
        List<byte[]> seen = new ArrayList<>(samples());
        world.tap = packet -> {
            if (seen.size() < 300) {
                seen.add(mirrored(packet));
            }
        };
        SimClient client = world.client(999).sends(200_000, true).open();
        for (int i = 0; i < PACKETS; i++) {
            byte[] packet = seen.get(random.nextInt(seen.size())).clone();
            for (int changes = random.nextInt(4); changes > 0; changes--) {
                packet[random.nextInt(Math.min(packet.length, 80))] = (byte) random.nextInt(256);
            }
            packet[0] = (byte) random.nextInt(4); // so that the checksum is trusted, mostly
            if (isOf(packet, 999)) {
                continue;
            }
            boolean whole = random.nextInt(10) > 0;
            world.inject(whole ? packet : Arrays.copyOf(packet, random.nextInt(packet.length)));
            world.run(random.nextInt(100_000));
        }
        finish(world, client);
    }

    private static void finish(World world, SimClient client) {
        world.run(300_000_000_000L);
        assertEquals(200_000, client.received);
        assertEquals(World.NOTHING, world.leftAfterClose());
    }

    private static List<byte[]> samples() {
        List<byte[]> samples = new ArrayList<>();
        for (int flags : new int[] {2, 16, 1, 4, 18, 20, 17, 24}) {
            for (int port = 2000; port < 2004; port++) {
                samples.add(Packets.tcp(World.CLIENT, port, World.TARGET, 80, 1000, 2000, flags));
            }
        }
        IpWriter icmp = new IpWriter().between(0, World.CLIENT, 0, World.TARGET, 1);
        byte[] echo = Packets.icmp(icmp, 8, 0, 1, new byte[3000]);
        samples.addAll(List.of(Packets.fragments(icmp, echo, 1480, 5)));
        samples.add(Packets.packet(icmp, Packets.icmp(icmp, 3, 3, 0, new byte[60])));
        IpWriter udp6 = new IpWriter().between(World.CLIENT6_HI, 0, World.TARGET6_HI, 1, 17);
        samples.addAll(List.of(Packets.fragments(udp6, Packets.udpBytes(udp6, 1, 53, new byte[2000]), 1448, 6)));
        samples.add(Packets.udp(0, World.CLIENT, 3000, 0, World.TARGET, 53, new byte[100]));
        samples.add(Packets.udp(World.CLIENT6_HI, 0, 3000, World.TARGET6_HI, 1, 53, new byte[100]));
        return samples;
    }

    /** A packet of the stack's, sent back to where it came from: plausible numbers for a flow that there is. */
    private static byte[] mirrored(byte[] packet) {
        byte[] back = packet.clone();
        boolean v4 = back[12] >> 4 == 4;
        int addresses = v4 ? 4 : 16;
        int first = 12 + (v4 ? 12 : 8);
        System.arraycopy(packet, first, back, first + addresses, addresses);
        System.arraycopy(packet, first + addresses, back, first, addresses);
        int ports = 12 + (v4 ? 20 : 40);
        System.arraycopy(packet, ports, back, ports + 2, 2);
        System.arraycopy(packet, ports + 2, back, ports, 2);
        return back;
    }

    private static boolean isOf(byte[] packet, int port) {
        return packet.length < 36 || (packet[32] & 0xff) << 8 == (port & 0xff00) && packet[33] == (byte) port;
    }
}
