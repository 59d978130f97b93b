package wireleap.tun;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import wireleap.tun.flow.LoopWatch;
import wireleap.tun.wire.AddressText;

/** Says, in the log each time and in the state once, that flows come back from our own upstream, and what to do. */
final class LoopNews implements LoopWatch {
    private static final Logger LOG = LoggerFactory.getLogger(LoopNews.class);

    private final DaemonState state;
    private final String upstream;
    private final AtomicBoolean told = new AtomicBoolean();

    private LoopNews(DaemonState state, String upstream) {
        this.state = state;
        this.upstream = upstream;
    }

    /** To be told of loops where there can be one: the upstream is on this host, or on one whose traffic we forward. */
    static LoopWatch of(Config config, DaemonState state) {
        boolean canLoop = config.upstream().server().filter(server -> isOnThisHost(server.getAddress())
                || !config.routes().forwarded().isEmpty()).isPresent();
        return canLoop ? new LoopNews(state, config.upstream().toString()) : LoopWatch.NONE;
    }

    /** Whether an address is one of this host's. */
    static boolean isOnThisHost(InetAddress address) {
        try {
            return address.isLoopbackAddress() || address.isAnyLocalAddress()
                    || NetworkInterface.getByInetAddress(address) != null;
        } catch (SocketException e) {
            LOG.debug("the host's addresses cannot be listed: {}", e.getMessage());
            return false;
        }
    }

    @Override
    public void comesBack(long hi, long lo, int port) {
        String warning = "what goes to " + AddressText.of(hi, lo, port) + " comes back through the TUN from our own"
                + " upstream " + upstream + ", and is refused: give --bypass-user with the user that the upstream runs"
                + " as, or --bypass with the addresses that it connects to";
        LOG.warn(warning);
        if (told.compareAndSet(false, true)) {
            state.warn(warning);
        }
    }
}
