package wireleap.tun;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import wireleap.tun.events.Event;
import wireleap.tun.events.EventLog;
import wireleap.tun.testing.CapturedLog;
import wireleap.tun.upstream.UpstreamStatus;

class UpstreamNewsTest {
    private final CapturedLog log = new CapturedLog();
    private final Queue<Runnable> later = new ArrayDeque<>();
    private final EventLog events = new EventLog();
    private UpstreamNews news = newsOf("socks5://192.0.2.7");

    private UpstreamNews newsOf(String upstream) {
        return new UpstreamNews(ConfigTest.config("--upstream", upstream).upstream(), later::add, events);
    }

    @AfterEach
    void close() {
        log.close();
    }

    private void secondPasses() {
        for (int due = later.size(); due > 0; due--) {
            later.remove().run();
        }
    }

    /** The words of each line that say how it is; that it is up is below the level of tests' logs. */
    private List<String> told() {
        return log.text().lines().map(line -> line.replaceFirst(".*:1080 ", "").replaceFirst(";.*", "")).toList();
    }

    @Test
    void aChangeIsToldAtOnce() {
        news.learn(UpstreamStatus.UNREACHABLE, "connection refused");
        assertEquals(List.of("unreachable: connection refused"), told());
    }

    @Test
    void aChangeIsAnEvent() throws Exception {
        news.learn(UpstreamStatus.UNREACHABLE, "connection refused");
        assertEquals(List.of(new Event.UpstreamChanged("unreachable", "connection refused")),
                events.awaitAfter(0, 0).stream().map(EventLog.Entry::event).toList());
    }

    @Test
    void theSameIsToldOnce() {
        news.learn(UpstreamStatus.WRONG_PROTOCOL, "");
        news.learn(UpstreamStatus.WRONG_PROTOCOL, "");
        secondPasses();
        news.learn(UpstreamStatus.WRONG_PROTOCOL, "");
        assertEquals(List.of("speaks another protocol"), told());
    }

    @Test
    void whatComesAndGoesWithinASecondIsToldByItsLastState() {
        for (int i = 0; i < 100; i++) {
            news.learn(UpstreamStatus.WRONG_PROTOCOL, "");
            news.learn(UpstreamStatus.UNREACHABLE, "timed out");
        }
        assertEquals(List.of("speaks another protocol"), told());
        secondPasses();
        assertEquals(List.of("speaks another protocol", "unreachable: timed out"), told());
    }

    @Test
    void whatHasComeBackWithinTheSecondIsNotToldAgain() {
        news.learn(UpstreamStatus.WRONG_PROTOCOL, "");
        news.learn(UpstreamStatus.UNREACHABLE, "timed out");
        news.learn(UpstreamStatus.WRONG_PROTOCOL, "");
        secondPasses();
        secondPasses();
        assertEquals(List.of("speaks another protocol"), told());
    }

    @Test
    void theStateIsThePresentOneAtOnce() {
        news.learn(UpstreamStatus.UP, "");
        news.learn(UpstreamStatus.UNREACHABLE, "timed out");
        assertEquals(new UpstreamNews.Finding(UpstreamStatus.UNREACHABLE, "timed out"), news.finding());
    }

    @Test
    void whatFlowsHaveShownIsWorthMoreThanTheProbe() {
        news.learn(UpstreamStatus.UP, "");
        news.probed(UpstreamStatus.UNREACHABLE, "timed out");
        assertEquals(UpstreamStatus.UP, news.finding().status());
    }

    @Test
    void straightOutIsUpFromTheStart() {
        news = newsOf("direct");
        assertEquals(UpstreamStatus.UP, news.finding().status());
    }
}
