package wireleap.tun.demo;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** Asks a {@link Mirror} which address it sees, by sockets of the thread's namespace; 5 s of patience for each step. */
enum Fetch {
    TCP {
        @Override
        InetAddress from(InetSocketAddress mirror) throws IOException {
            try (var socket = new Socket()) {
                socket.setSoTimeout(PATIENCE_MILLIS);
                socket.connect(mirror, PATIENCE_MILLIS);
                socket.getOutputStream().write(REQUEST);
                String response = text(socket.getInputStream().readAllBytes());
                return InetAddress.ofLiteral(response.substring(response.lastIndexOf('\n') + 1));
            }
        }
    },
    UDP {
        @Override
        InetAddress from(InetSocketAddress mirror) throws IOException {
            try (var socket = new DatagramSocket()) {
                socket.setSoTimeout(PATIENCE_MILLIS);
                socket.send(new DatagramPacket(REQUEST, REQUEST.length, mirror));
                var answer = new DatagramPacket(new byte[128], 128);
                socket.receive(answer);
                return InetAddress.ofLiteral(new String(answer.getData(), 0, answer.getLength(),
                        StandardCharsets.US_ASCII));
            }
        }
    };

    private static final int PATIENCE_MILLIS = 5_000;
    private static final byte[] REQUEST =
            "GET / HTTP/1.1\r\nHost: mirror\r\nConnection: close\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    /** The address that the mirror saw. */
    abstract InetAddress from(InetSocketAddress mirror) throws IOException;

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.US_ASCII);
    }
}
