package wireleap.tun.fuzz;

import static wireleap.tun.fuzz.Sums.VIRTIO;
import static wireleap.tun.fuzz.Sums.i32;
import static wireleap.tun.fuzz.Sums.put16;
import static wireleap.tun.fuzz.Sums.put32;
import static wireleap.tun.fuzz.Sums.u16;
import static wireleap.tun.fuzz.Sums.u8;

/**
 * A client's TCP port and a target: remembers as much as makes the next segment plausible, so that the fuzzer gets past the
 * doors, and near them when it wants to.
 */
final class Conversation {
    private static final int HEADER = 20;
    private static final int SYN_OPTIONS = 20;
    private static final int TIMESTAMPS = 12;
    private static final int[] LENGTHS = {0, 0, 0, 1, 2, 100, 536, 1440, 1448, 1449, 2000, 4000, 9000, 16_000, 40_000, 65_000};
    private static final int[] WINDOWS = {65_535, 65_535, 512, 0, 1, 2, 100, 1460};

    final boolean v6;
    final int clientPort;
    final int targetPort;
    private int next;
    private int received;
    private boolean timestamps;
    private int tsRecent;

    Conversation(int index) {
        v6 = (index & 1) != 0;
        clientPort = 1000 + (index >> 1 & 1);
        targetPort = 80 + (index >> 2 & 1);
    }

    /** A segment went out to this client. */
    void saw(byte[] packet, int length) {
        int tcp = VIRTIO + (v6 ? 40 : 20);
        int header = (u8(packet, tcp + 12) >>> 4) * 4;
        int flags = u8(packet, tcp + 13);
        int end = i32(packet, tcp + 4) + length - tcp - header + (flags & 1) + (flags >> 1 & 1);
        if ((flags & 2) != 0 || end - received > 0) {
            received = end;
        }
        if (header >= HEADER + TIMESTAMPS && u16(packet, tcp + HEADER) == 0x0101 && u8(packet, tcp + HEADER + 2) == 8) {
            tsRecent = i32(packet, tcp + HEADER + 4);
        }
    }

    /** Writes a segment as the fuzzer wants it. */
    void write(Frames frame, Input input, int how, long nowNanos) {
        int flags = input.u8();
        int sizes = input.u8();
        boolean syn = (flags & 2) != 0;
        boolean rawOptions = (how & 0x80) != 0;
        int optionBytes = rawOptions ? 4 * (input.u8() % 11) : syn ? SYN_OPTIONS : timestamps ? TIMESTAMPS : 0;
        boolean tellsRanges = !rawOptions && !syn && (how >> 5 & 3) == 1;
        int rangesAt = HEADER + optionBytes;
        optionBytes += tellsRanges ? 12 : 0;
        int payload = LENGTHS[sizes & 15];
        int seq = syn && (how >> 3 & 3) == 0 ? input.i32() : number(next, how >> 3, input);
        int ack = number(received, how >> 5, input);
        int tcp = frame.begin(v6, Sums.TCP, Math.min(HEADER + optionBytes + payload, 65_495));
        byte[] bytes = frame.bytes;
        put16(bytes, tcp, clientPort);
        put16(bytes, tcp + 2, targetPort);
        put32(bytes, tcp + 4, seq);
        put32(bytes, tcp + 8, ack);
        bytes[tcp + 12] = (byte) ((HEADER + optionBytes) / 4 << 4);
        bytes[tcp + 13] = (byte) flags;
        put16(bytes, tcp + 14, WINDOWS[sizes >> 4 & 7]);
        if (rawOptions) {
            byte[] raw = input.bytes(optionBytes);
            System.arraycopy(raw, 0, bytes, tcp + HEADER, raw.length);
        } else {
            options(bytes, tcp, syn, nowNanos);
        }
        if (tellsRanges) {
            int left = received + input.u16();
            put32(bytes, tcp + rangesAt, 0x0101050a);
            put32(bytes, tcp + rangesAt + 4, left);
            put32(bytes, tcp + rangesAt + 8, left + input.u16());
        }
        if (payload > 1448) {
            frame.gso(v6 ? 4 : 1, 1448);
        }
        if ((how >> 3 & 3) == 0) {
            next = seq + payload + (flags & 1) + (flags >> 1 & 1);
            timestamps = syn ? !rawOptions && (sizes & 0x80) == 0 : timestamps;
        }
    }

    private void options(byte[] bytes, int tcp, boolean syn, long nowNanos) {
        int at = tcp + HEADER;
        if (syn) {
            put32(bytes, at, 0x020405b4);
            put32(bytes, at + 4, 0x04020307);
            at += 8;
            put32(bytes, at, 0x0101080a);
            put32(bytes, at + 4, (int) (nowNanos / 1_000_000));
        } else if (timestamps) {
            put32(bytes, at, 0x0101080a);
            put32(bytes, at + 4, (int) (nowNanos / 1_000_000));
            put32(bytes, at + 8, tsRecent);
        }
    }

    /** The number that is expected, one near it, or any. */
    private static int number(int expected, int how, Input input) {
        return switch (how & 3) {
            case 0 -> expected;
            case 1 -> expected - input.u16();
            case 2 -> expected + input.u16();
            default -> input.i32();
        };
    }
}
