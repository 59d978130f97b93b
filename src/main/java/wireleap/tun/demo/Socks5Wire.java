package wireleap.tun.demo;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/**
 * The fields of SOCKS 5 as they stand on the wire (RFC 1928 sections 3 to 7). An address is
 * <pre>
 * +------+----------+----------+
 * | ATYP | address  |   port   |   1: 4 bytes, 3: length and name, 4: 16 bytes
 * |  1   | variable |    2     |
 * +------+----------+----------+
 * </pre>
 */
public final class Socks5Wire {
    public static final int VERSION = 5;
    public static final int NO_AUTHENTICATION = 0;
    public static final int USER_PASSWORD = 2;
    public static final int NO_METHOD = 0xff;
    public static final int CONNECT = 1;
    public static final int UDP_ASSOCIATE = 3;
    public static final int SUCCEEDED = 0;
    public static final int FAILED = 1;
    public static final int NETWORK_UNREACHABLE = 3;
    public static final int HOST_UNREACHABLE = 4;
    public static final int REFUSED = 5;
    public static final int COMMAND_NOT_SUPPORTED = 7;
    public static final int ADDRESS_NOT_SUPPORTED = 8;

    private static final int IPV4 = 1;
    private static final int NAME = 3;
    private static final int IPV6 = 4;

    private Socks5Wire() {
    }

    /** Reads exactly so many bytes. @throws EOFException when the stream ends before */
    public static ByteBuffer exactly(SocketChannel from, int bytes) throws IOException {
        var buffer = ByteBuffer.allocate(bytes);
        while (buffer.hasRemaining()) {
            if (from.read(buffer) < 0) {
                throw new EOFException("ended after " + buffer.position() + " of " + bytes + " bytes");
            }
        }
        return buffer.flip();
    }

    /** Writes all that remains. */
    public static void fully(SocketChannel to, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            to.write(bytes);
        }
    }

    /** One unsigned byte of a stream. */
    public static int octet(SocketChannel from) throws IOException {
        return Byte.toUnsignedInt(exactly(from, 1).get());
    }

    /** Reads an address from a stream, asking the resolver for a name; an unknown name comes back unresolved. */
    public static InetSocketAddress address(SocketChannel from) throws IOException {
        int type = octet(from);
        int length = type == NAME ? octet(from) : length(type);
        return address(type, length, exactly(from, length + Short.BYTES));
    }

    /** Reads an address from a datagram. @throws IOException when it is cut short or of no known type */
    static InetSocketAddress address(ByteBuffer from) throws IOException {
        if (from.remaining() < 2) {
            throw new ProtocolException("no address");
        }
        int type = from.get();
        int length = type == NAME ? Byte.toUnsignedInt(from.get()) : length(type);
        if (from.remaining() < length + Short.BYTES) {
            throw new ProtocolException("address cut short");
        }
        return address(type, length, from);
    }

    private static int length(int type) throws IOException {
        return switch (type) {
            case IPV4 -> 4;
            case IPV6 -> 16;
            default -> throw new ProtocolException("address type " + type);
        };
    }

    private static InetSocketAddress address(int type, int length, ByteBuffer from) throws UnknownHostException {
        var bytes = new byte[length];
        from.get(bytes);
        int port = Short.toUnsignedInt(from.getShort());
        return type == NAME ? new InetSocketAddress(new String(bytes, StandardCharsets.US_ASCII), port)
                : new InetSocketAddress(InetAddress.getByAddress(bytes), port);
    }

    /** Writes an address: needs up to 19 bytes. */
    static void put(ByteBuffer to, InetSocketAddress address) {
        byte[] bytes = address.getAddress().getAddress();
        to.put((byte) (bytes.length == 4 ? IPV4 : IPV6)).put(bytes).putShort((short) address.getPort());
    }

    /** A reply to a request: version, code, reserved, bound address. */
    public static ByteBuffer reply(int code, InetSocketAddress bound) {
        var reply = ByteBuffer.allocate(22).put((byte) VERSION).put((byte) code).put((byte) 0);
        put(reply, bound);
        return reply.flip();
    }
}
