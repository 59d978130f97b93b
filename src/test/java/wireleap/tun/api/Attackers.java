package wireleap.tun.api;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A process that does what it can against a server, all at once: 10,000 connections opened and left, a byte a second,
 * headers without end, bodies of 8 MiB from 256 clients, pipelined garbage. It ends with its standard input, and says then
 * how many connections it has made.
 */
final class Attackers {
    private static final int LEFT_OPEN = 10_000;
    private static final int BODIES = 256;
    private static final int DRIPS = 64;
    private static final String POST = "POST /bypass HTTP/1.1\r\nHost: x\r\nContent-Length: 8388608\r\n\r\n";

    private final UnixDomainSocketAddress server;
    private final AtomicLong connections = new AtomicLong();

    private Attackers(Path socket) {
        server = UnixDomainSocketAddress.of(socket);
    }

    /** @param args the socket */
    public static void main(String[] args) throws IOException {
        Attackers attackers = new Attackers(Path.of(args[0]));
        attackers.leaveOpen();
        attackers.drip();
        attackers.headers();
        attackers.bodies();
        attackers.garbage();
        System.in.readAllBytes();
        System.out.println(attackers.connections.get());
    }

    /** What an attacker does again and again, some of it a round. */
    @FunctionalInterface
    private interface Round {
        void run() throws IOException, InterruptedException;
    }

    private static void attack(Round round) {
        Thread.ofPlatform().daemon().start(() -> {
            for (;;) {
                try {
                    round.run();
                } catch (IOException cut) {
                    Thread.yield();                  // it has been cut off, as it should be, and comes back
                } catch (InterruptedException e) {
                    return;
                }
            }
        });
    }

    private SocketChannel connect() throws IOException {
        connections.incrementAndGet();
        return SocketChannel.open(server);
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Up to 10,000 at a time, as many as there may be files. */
    private void leaveOpen() {
        Queue<SocketChannel> left = new ArrayDeque<>();
        int[] opened = {0};
        attack(() -> {
            try {
                left.add(connect());
            } catch (IOException noMoreFiles) {
                left.remove().close();
            }
            if (left.size() == LEFT_OPEN) {
                left.remove().close();
            }
            if (++opened[0] % 16 == 0) {
                Thread.sleep(1);
            }
        });
    }

    private void drip() {
        String request = "GET /bypass HTTP/1.1\r\nHost: localhost\r\n\r\n";
        List<SocketChannel> slow = new ArrayList<>();
        int[] sent = {0};
        attack(() -> {
            while (slow.size() < DRIPS) {
                slow.add(connect());
            }
            for (SocketChannel one : List.copyOf(slow)) {
                try {
                    one.write(bytes(request.substring(sent[0] % request.length()).substring(0, 1)));
                } catch (IOException cut) {
                    slow.remove(one);
                    one.close();
                }
            }
            sent[0]++;
            Thread.sleep(1_000);
        });
    }

    private void headers() {
        attack(() -> {
            try (SocketChannel endless = connect()) {
                endless.write(bytes("GET /bypass HTTP/1.1\r\n"));
                for (;;) {
                    endless.write(bytes("X-Header: value\r\n"));
                    Thread.sleep(1);
                }
            }
        });
    }

    /** All of them at once, each as far as the server takes it. */
    private void bodies() {
        ByteBuffer spaces = bytes(" ".repeat(64 << 10));
        List<SocketChannel> senders = new ArrayList<>();
        attack(() -> {
            while (senders.size() < BODIES) {
                SocketChannel sender = connect();
                sender.write(bytes(POST));
                sender.configureBlocking(false);
                senders.add(sender);
            }
            for (SocketChannel sender : List.copyOf(senders)) {
                try {
                    sender.write(spaces.duplicate());
                } catch (IOException answered) {
                    sender.close();
                    senders.remove(sender);
                }
            }
            Thread.sleep(2);
        });
    }

    private void garbage() {
        Random random = new Random(1);
        byte[] noise = new byte[4096];
        String pipelined = "GET /version HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100);
        attack(() -> {
            try (SocketChannel channel = connect()) {
                channel.configureBlocking(false);
                channel.write(bytes(pipelined));
                random.nextBytes(noise);
                channel.write(ByteBuffer.wrap(noise));
                Thread.sleep(2);
            }
        });
    }
}
