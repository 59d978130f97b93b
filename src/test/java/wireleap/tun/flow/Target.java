package wireleap.tun.flow;

import wireleap.tun.upstream.SimLink;
import wireleap.tun.upstream.SimServer;

/**
 * A target that says a stream of its own and expects one, see {@link SimClient#at}; one object serves one connection.
 */
final class Target implements SimServer {
    private long says;
    private boolean finishes;
    private boolean resets;
    private boolean waitsForEnd;
    /** Says what it has to say, if it has not, and resets, after having received so many bytes. */
    private long resetsAfter = Long.MAX_VALUE;
    private boolean stalls;
    SimLink link;
    long received;
    boolean sawEnd;
    boolean sawReset;

    Target says(long bytes) {
        this.says = bytes;
        return this;
    }

    /** Then ends its direction. */
    Target finishes() {
        this.finishes = true;
        return this;
    }

    /** Then resets. */
    Target resets() {
        this.resets = true;
        return this;
    }

    Target resetsAfter(long bytes) {
        this.resetsAfter = bytes;
        return this;
    }

    /** Says nothing before the client has ended. */
    Target waitsForEnd() {
        this.waitsForEnd = true;
        return this;
    }

    /** Takes nothing of what comes. */
    Target stalls() {
        this.stalls = true;
        return this;
    }

    /** Bytes that it says in all. */
    long size() {
        return says;
    }

    boolean isWaiting() {
        return waitsForEnd;
    }

    @Override
    public void onOpen(SimLink opened) {
        link = opened;
        link.serverStall(stalls);
        if (!waitsForEnd) {
            speak();
        }
    }

    void speak() {
        link.serverSend(SimClient.stream(0, (int) says));
        if (finishes) {
            link.serverFinish();
        }
        if (resets) {
            link.serverReset();
        }
    }

    @Override
    public void onBytes(SimLink from, byte[] bytes) {
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] != SimClient.at(received + i)) {
                throw new AssertionError("the target got another byte at position " + (received + i));
            }
        }
        received += bytes.length;
        if (received >= resetsAfter) {
            resetsAfter = Long.MAX_VALUE;
            if (waitsForEnd) {
                speak();
            }
            link.serverReset();
        }
    }

    @Override
    public void onEnd(SimLink from) {
        sawEnd = true;
        if (waitsForEnd) {
            speak();
        }
    }

    @Override
    public void onReset(SimLink from) {
        sawReset = true;
    }
}
