package wireleap.tun;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import wireleap.tun.h2.H2Watch;
import wireleap.tun.upstream.SocketError;
import wireleap.tun.upstream.UpstreamStatus;

/** What a loop hears of the broker, for /state and the log; of failed streams at most a line a second. Its thread's. */
final class BrokerNews implements H2Watch {
    private static final Logger LOG = LoggerFactory.getLogger(BrokerNews.class);
    private static final long SECOND_NANOS = 1_000_000_000L;
    private static final int LONGEST_STATUS = 300;

    private final UpstreamAddress upstream;
    private final UpstreamNews news;
    private long toldNanos = System.nanoTime() - SECOND_NANOS;
    private int untold;

    BrokerNews(UpstreamAddress upstream, UpstreamNews news) {
        this.upstream = upstream;
        this.news = news;
    }

    @Override
    public void onStatus(UpstreamStatus status, int socketError) {
        news.learn(status, socketError == 0 ? "" : SocketError.text(socketError));
    }

    @Override
    public void onStreamStatus(String status) {
        long nowNanos = System.nanoTime();
        if (nowNanos - toldNanos < SECOND_NANOS) {
            untold++;
            return;
        }
        LOG.info("{}: a flow was reset, for the broker says: {}{}", upstream, printable(status),
                untold == 0 ? "" : " (" + untold + " more since the last such line)");
        toldNanos = nowNanos;
        untold = 0;
    }

    @Override
    public void onConnectionLost(String why, int flows) {
        LOG.warn("{}: a connection with {} flows is lost, they are reset: {}", upstream, flows, printable(why));
    }

    /** A peer's text on one line of bounded length. */
    static String printable(String text) {
        StringBuilder line = new StringBuilder();
        text.codePoints().limit(LONGEST_STATUS).map(c -> Character.isISOControl(c) ? ' ' : c)
                .forEach(line::appendCodePoint);
        return line.length() < text.length() ? line.append("...").toString() : line.toString();
    }
}
