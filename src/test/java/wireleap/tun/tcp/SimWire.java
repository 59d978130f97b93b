package wireleap.tun.tcp;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import wireleap.tun.mem.Bytes;
import wireleap.tun.wire.TcpHeader;

/** One direction of a simulated network: TCP segments go in, and come out later, or not, or twice, or spoilt. */
final class SimWire {
    /**
     * What it does to packets.
     *
     * @param delayNanos every packet needs so long
     * @param jitterNanos and up to so long more, without regard to order
     * @param loss probability that a packet is lost
     * @param duplication probability that it comes twice
     * @param corruption probability that one byte of it is changed
     * @param nanosPerByte 0: no limit
     * @param queueBytes what may wait for its turn before packets are dropped; of use with nanosPerByte only
     * @param cuts whether super-segments travel as packets of their mss (and share their fates no longer)
     * @param burstNanos how long everything is lost on average when something is; 0: each packet by itself
     * @param late probability that a packet takes a way of its own
     * @param lateNanos how much longer that is
     */
    record Quality(long delayNanos, long jitterNanos, double loss, double duplication, double corruption,
                   double nanosPerByte, long queueBytes, boolean cuts, long burstNanos, double late, long lateNanos) {
        Quality(long delayNanos, long jitterNanos, double loss, double duplication, double corruption,
                double nanosPerByte, long queueBytes, boolean cuts) {
            this(delayNanos, jitterNanos, loss, duplication, corruption, nanosPerByte, queueBytes, cuts, 0, 0, 0);
        }

        static Quality perfect(long delayNanos) {
            return new Quality(delayNanos, 0, 0, 0, 0, 0, Long.MAX_VALUE, false);
        }

        Quality losing(double share, long bursts) {
            return new Quality(delayNanos, jitterNanos, share, duplication, corruption, nanosPerByte, queueBytes, cuts,
                    bursts, late, lateNanos);
        }

        Quality late(double share, long nanos) {
            return new Quality(delayNanos, jitterNanos, loss, duplication, corruption, nanosPerByte, queueBytes, cuts,
                    burstNanos, share, nanos);
        }
    }

    private final SimClock clock;
    private final SplittableRandom random;
    private Quality quality;
    private Consumer<byte[]> receiver = packet -> { };
    private long freeNanos;
    private long darkUntilNanos;
    private long lookedNanos;
    private boolean losing;

    SimWire(SimClock clock, SplittableRandom random, Quality quality) {
        this.clock = clock;
        this.random = random;
        this.quality = quality;
        freeNanos = clock.nowNanos();
        darkUntilNanos = clock.nowNanos();
        lookedNanos = clock.nowNanos();
    }

    /** From now on it is like this. */
    void quality(Quality quality) {
        this.quality = quality;
    }

    void receiver(Consumer<byte[]> receiver) {
        this.receiver = receiver;
    }

    /** Loses everything until then. */
    void dark(long untilNanos) {
        darkUntilNanos = Math.max(darkUntilNanos, untilNanos);
    }

    /** Keeps everything until then, and goes on. */
    void hold(long untilNanos) {
        freeNanos = Math.max(freeNanos, untilNanos);
    }

    /** Sends a TCP segment, perhaps super; what is cut off gets a header of its own. The checksum is made here. */
    void send(byte[] segment, int headerBytes, int mss) {
        int payload = segment.length - headerBytes;
        if (!quality.cuts || payload <= mss) {
            carry(segment);
            return;
        }
        for (int from = 0; from < payload; from += mss) {
            int length = Math.min(mss, payload - from);
            byte[] packet = Arrays.copyOf(segment, headerBytes + length);
            System.arraycopy(segment, headerBytes + from, packet, headerBytes, length);
            MemorySegment memory = MemorySegment.ofArray(packet);
            Bytes.putI32(memory, 4, Bytes.i32(memory, 4) + from);
            if (from + length < payload) {
                Bytes.putU8(memory, 13, Bytes.u8(memory, 13) & ~(TcpHeader.FIN | TcpHeader.PSH));
            }
            carry(packet);
        }
    }

    private void carry(byte[] packet) {
        long now = clock.nowNanos();
        long waiting = Math.max(0, freeNanos - now);
        if (now < darkUntilNanos || waiting > quality.queueBytes * quality.nanosPerByte) {
            return;
        }
        freeNanos = now + waiting + (long) (packet.length * quality.nanosPerByte);
        if (isLost()) {
            return;
        }
        SimChecksum.complete(packet);
        int copies = random.nextDouble() < quality.duplication ? 2 : 1;
        for (int i = 0; i < copies; i++) {
            byte[] copy = packet.clone();
            if (random.nextDouble() < quality.corruption) {
                copy[random.nextInt(copy.length)] ^= (byte) (1 + random.nextInt(255));
            }
            long jitter = quality.jitterNanos == 0 ? 0 : random.nextLong(quality.jitterNanos);
            jitter += quality.late > 0 && random.nextDouble() < quality.late ? quality.lateNanos : 0;
            clock.after(freeNanos - now + quality.delayNanos + jitter, () -> receiver.accept(copy));
        }
    }

    /**
     * Bursts follow time, not packets: a chain of two states (Gilbert), lost in the one, which is entered so often that
     * the mean loss is what it should be.
     */
    private boolean isLost() {
        double probability = quality.loss;
        if (quality.burstNanos > 0) {
            double changes = (freeNanos - lookedNanos) / (quality.burstNanos * (1 - quality.loss));
            probability += ((losing ? 1 : 0) - quality.loss) * Math.exp(-changes);
            lookedNanos = freeNanos;
        }
        losing = random.nextDouble() < probability;
        return losing;
    }
}
