package wireleap.tun.fuzz;

import static wireleap.tun.fuzz.Sums.VIRTIO;
import static wireleap.tun.fuzz.Sums.put16;
import static wireleap.tun.fuzz.Sums.put32;

import java.nio.ByteOrder;
import java.util.Arrays;

/** A packet as a kernel writes it to the TUN, being made: virtio header, IP header, transport. Used again and again. */
final class Frames {
    static final int MOST = VIRTIO + 65_535;

    final byte[] bytes = new byte[MOST];
    int length;

    /** Begins with headers; returns where the transport begins. */
    int begin(boolean v6, int protocol, int transportBytes) {
        return begin(v6, protocol, transportBytes, v6 ? Place.CLIENT_6_HI : 0, v6 ? 0 : Place.CLIENT_4,
                v6 ? Place.TARGET_6_HI : 0, v6 ? 1 : Place.TARGET_4);
    }

    int begin(boolean v6, int protocol, int transportBytes, long srcHi, long srcLo, long dstHi, long dstLo) {
        int header = v6 ? 40 : 20;
        length = VIRTIO + header + transportBytes;
        Arrays.fill(bytes, 0, length, (byte) 0);
        if (v6) {
            bytes[VIRTIO] = 0x60;
            put16(bytes, VIRTIO + 4, transportBytes);
            bytes[VIRTIO + 6] = (byte) protocol;
            bytes[VIRTIO + 7] = 64;
            put64(VIRTIO + 8, srcHi);
            put64(VIRTIO + 16, srcLo);
            put64(VIRTIO + 24, dstHi);
            put64(VIRTIO + 32, dstLo);
        } else {
            bytes[VIRTIO] = 0x45;
            put16(bytes, VIRTIO + 2, header + transportBytes);
            bytes[VIRTIO + 8] = 64;
            bytes[VIRTIO + 9] = (byte) protocol;
            put32(bytes, VIRTIO + 12, (int) srcLo);
            put32(bytes, VIRTIO + 16, (int) dstLo);
        }
        return VIRTIO + header;
    }

    /** A UDP header with ports. */
    void udp(int at, int source, int target, int udpLength) {
        put16(bytes, at, source);
        put16(bytes, at + 2, target);
        put16(bytes, at + 4, udpLength);
    }

    /** Virtio's fields for a packet that is to be cut into segments. */
    void gso(int type, int size) {
        bytes[1] = (byte) type;
        boolean big = ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN;
        put16(bytes, 4, big ? size : Short.toUnsignedInt(Short.reverseBytes((short) size)));
    }

    /** Takes a whole packet. */
    void copy(byte[] from, int count) {
        length = Math.min(count, MOST);
        System.arraycopy(from, 0, bytes, 0, length);
    }

    /** Source becomes destination, addresses and ports: an answer that could be one of a flow there is. */
    void mirror() {
        boolean v4 = Sums.isV4(bytes);
        int addresses = v4 ? 4 : 16;
        int ports = VIRTIO + (v4 ? 20 : 40);
        if (length >= ports + 4) {
            swap(VIRTIO + (v4 ? 12 : 8), addresses);
            swap(ports, 2);
        }
    }

    private void swap(int at, int count) {
        for (int i = at; i < at + count; i++) {
            byte other = bytes[i + count];
            bytes[i + count] = bytes[i];
            bytes[i] = other;
        }
    }

    /** Changes bytes here and there near the front. */
    void mutate(Input input) {
        for (int changes = 1 + (input.u8() & 3); changes > 0; changes--) {
            int at = VIRTIO + (input.u8() & 127);
            int value = input.u8();
            if (at < length) {
                bytes[at] = (byte) value;
            }
        }
    }

    /**
     * Finishes checksums, or sees to it that they are wrong.
     *
     * @param how 0: partial, as local packets have it; 1: complete; 2: wrong; 3: as the fuzzer's virtio header says
     */
    void seal(int how, Input input) {
        if (length <= VIRTIO) {
            return;
        }
        Sums.fixHeader(bytes, length);
        Sums.fixTransport(bytes, length, how == 0 || how == 3);
        bytes[0] = (byte) (how == 0 ? 1 : 0);
        if (how == 2) {
            int at = length > VIRTIO + 60 ? VIRTIO + (input.u8() % 50) : length - 1;
            bytes[at] ^= (byte) (1 + (input.u8() & 127));
        } else if (how == 3) {
            byte[] virtio = input.bytes(Math.min(VIRTIO, length));
            System.arraycopy(virtio, 0, bytes, 0, virtio.length);
        }
    }

    private void put64(int at, long value) {
        put32(bytes, at, (int) (value >>> 32));
        put32(bytes, at + 4, (int) value);
    }
}
