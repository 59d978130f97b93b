package wireleap.tun.flow;

import wireleap.tun.wire.IpPacket;

/** The loops of a daemon as one of them sees them, which calls this on its own thread. */
public interface Siblings {
    /** Of a loop that is the only one. */
    Siblings NONE = new Siblings() {
        @Override
        public int count() {
            return 1;
        }

        @Override
        public int self() {
            return 0;
        }

        @Override
        public boolean give(int loop, IpPacket packet, int note) {
            throw new AssertionError("there is no other loop");
        }
    };

    /** How many loops there are, this one included: 1..64. */
    int count();

    /** Which of them this one is, 0..count - 1. */
    int self();

    /**
     * Gives a copy of a packet to another loop, which comes to it soon by {@link Stack#onGiven}. What one loop gives to
     * another arrives in order.
     *
     * @param note for the other stack
     * @return false: there is no room for it
     */
    boolean give(int loop, IpPacket packet, int note);
}
