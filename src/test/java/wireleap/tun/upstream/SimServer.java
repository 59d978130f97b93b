package wireleap.tun.upstream;

/** One connection's other end. */
public interface SimServer {
    /** The connection stands. */
    default void onOpen(SimLink link) {
    }

    void onBytes(SimLink link, byte[] bytes);

    /** The client has sent FIN. */
    default void onEnd(SimLink link) {
        link.serverFinish();
    }

    /** The client has sent RST. */
    default void onReset(SimLink link) {
    }

    /** Sends back all it gets. */
    static SimServer echo() {
        return SimLink::serverSend;
    }

    /** Takes everything and says nothing, not even an end. */
    static SimServer mute() {
        return new SimServer() {
            @Override
            public void onBytes(SimLink link, byte[] bytes) {
            }

            @Override
            public void onEnd(SimLink link) {
            }
        };
    }
}
