package wireleap.tun.h2;

import java.util.function.Predicate;
import wireleap.tun.mem.Chain;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Gauge;
import wireleap.tun.mem.Pool;
import wireleap.tun.mem.Slab;
import wireleap.tun.upstream.DatagramOwner;
import wireleap.tun.upstream.DatagramSession;
import wireleap.tun.upstream.Links;
import wireleap.tun.upstream.Refusal;
import wireleap.tun.upstream.SocketError;
import wireleap.tun.upstream.StreamOwner;
import wireleap.tun.upstream.Upstream;
import wireleap.tun.upstream.UpstreamStatus;
import wireleap.tun.upstream.UpstreamStream;

/**
 * The Wireleap broker as upstream (BROKER.md). It cannot tell whether a target is connected: a flow is accepted when its
 * request is on its way on a connection that stands, and reset when there is none to be had.
 *
 * <p>Connections are dialled when flows need them: the first, and another when four fifths of the streams that the
 * broker allows are open, or streams wait for a connection's window. None is dialled while another is being, or for a
 * while after one has failed.
 */
public final class H2c implements Upstream {
    /** Of the streams that a connection may have: beyond, another connection is wanted. */
    private static final int ROOMY_PERCENT = 80;
    private static final int MOST_CONNECTIONS = 256;
    private static final int MOST_PARTING = 16;
    private static final int MOST_WAITING_SESSIONS = 256;
    private static final long IDLE_TARGET_NANOS = 30_000_000_000L;
    private static final int IDLE_OBJECTS = 1 << 12;

    final Links links;
    final H2Settings settings;
    final Slab slab;
    final Counters counters;
    /** Streams whose END_STREAM is due when their targets have been silent for a while. */
    final Patience ends;
    /** Streams of datagrams. */
    final Patience idleTargets = new Patience(IDLE_TARGET_NANOS);
    private final H2Watch watch;
    private final Pool<FlowStream> flows = new Pool<>(() -> new FlowStream(this), IDLE_OBJECTS);
    private final Pool<TargetStream> targets = new Pool<>(() -> new TargetStream(this), IDLE_OBJECTS);
    private final Pool<Session> sessions = new Pool<>(() -> new Session(this), IDLE_OBJECTS);
    private final Chain<Connection> connections = new Chain<>();
    /** Those that have no streams any more and say their last words. */
    private final Chain<Connection> parting = new Chain<>();
    /** Flows and sessions that wait for a connection. */
    private final Chain<H2Stream> waiting = new Chain<>();
    private final Chain<Session> waitingSessions = new Chain<>();
    /** Flows and sessions that are to be told of their opening or refusal. */
    private final Chain<H2Stream> untold = new Chain<>();
    private final Chain<Session> untoldSessions = new Chain<>();
    private final BackOff backOff = new BackOff();
    private UpstreamStatus status = UpstreamStatus.UNTRIED;
    private long lastNanos;
    /** A datagram found no connection with much room; its call told no time. */
    private boolean dialWanted;

    /** Nothing is connected yet. */
    public H2c(Links links, H2Settings settings, Slab slab, Counters counters, H2Watch watch) {
        this.links = links;
        this.settings = settings;
        this.slab = slab;
        this.counters = counters;
        this.watch = watch;
        this.ends = new Patience(settings.endDelayNanos());
    }

    @Override
    public boolean tellsConnected() {
        return false;
    }

    @Override
    public UpstreamStream open(long hi, long lo, int port, StreamOwner owner, long nowNanos) {
        lastNanos = nowNanos;
        counters.increment(Counter.UPSTREAM_DIALS);
        FlowStream stream = flows.take();
        stream.begin(hi, lo, port, owner);
        Connection connection = connection(nowNanos);
        if (connection != null) {
            connection.open(stream, nowNanos);
        } else if (isDialling()) {
            waiting.add(stream.wait);
        } else {
            stream.refuse(0);
        }
        return stream;
    }

    @Override
    public DatagramSession datagrams(boolean v6, DatagramOwner owner, long nowNanos) {
        lastNanos = nowNanos;
        counters.increment(Counter.UPSTREAM_DIALS);
        Session session = sessions.take();
        session.begin(owner);
        if (connection(nowNanos) != null) {
            session.open();
        } else if (isDialling()) {
            waitingSessions.add(session.wait);
        } else {
            session.refuse(Refusal.FAILED);
        }
        return session;
    }

    @Override
    public boolean carriesDatagrams(long nowNanos) {
        return waitingSessions.size() < MOST_WAITING_SESSIONS
                && (isDialling() || backOff.isOver(nowNanos) || standing() != null);
    }

    /** A session's stream to a target, or null: there is no connection for it now. */
    TargetStream openTarget(Session session, long hi, long lo, int port) {
        Connection connection = standing();
        dialWanted |= connection == null || !isRoomy(connection);
        if (connection == null) {
            return null;
        }
        TargetStream stream = targets.take();
        stream.begin(session, hi, lo, port);
        connection.open(stream, lastNanos);
        idleTargets.touch(stream);
        return stream;
    }

    /** The connection for another stream, or null; where there is none with much room, another is being dialled. */
    private Connection connection(long nowNanos) {
        Connection usual = standing();
        if (usual == null || !isRoomy(usual)) {
            dial(nowNanos);
        }
        return usual;
    }

    /** The first connection with much room, else one with some, else null. */
    private Connection standing() {
        Connection narrow = null;
        for (Connection each = connections.oldest(); each != null; each = each.place.younger()) {
            if (isRoomy(each)) {
                return each;
            }
            if (each.takesStream(100) && (narrow == null || narrow.isBraked())) {
                narrow = each;
            }
        }
        return narrow;
    }

    private static boolean isRoomy(Connection connection) {
        return connection.takesStream(ROOMY_PERCENT) && !connection.isBraked();
    }

    private boolean isDialling() {
        return any(Connection::isDialling);
    }

    private boolean any(Predicate<Connection> which) {
        for (Connection each = connections.oldest(); each != null; each = each.place.younger()) {
            if (which.test(each)) {
                return true;
            }
        }
        return false;
    }

    private void dial(long nowNanos) {
        if (!isDialling() && backOff.isOver(nowNanos) && connections.size() < MOST_CONNECTIONS
                && !any(Connection::isUnused) && !any(Connection::hasFailed)) {
            Connection connection = new Connection(this);
            connections.add(connection.place);
            showConnections();
            connection.dial(nowNanos);
        }
    }

    @Override
    public UpstreamStatus status() {
        return status;
    }

    @Override
    public int dialling() {
        return waiting.size() + waitingSessions.size();
    }

    @Override
    public long deadlineNanos() {
        if (untold.size() > 0 || untoldSessions.size() > 0 || dialWanted) {
            return lastNanos;
        }
        long deadline = Math.min(ends.deadlineNanos(lastNanos), idleTargets.deadlineNanos(lastNanos));
        for (Connection each = connections.oldest(); each != null; each = each.place.younger()) {
            deadline = Math.min(deadline, each.deadlineNanos(lastNanos));
        }
        for (Connection each = parting.oldest(); each != null; each = each.place.younger()) {
            deadline = Math.min(deadline, each.deadlineNanos(lastNanos));
        }
        return deadline;
    }

    @Override
    public void onTimer(long nowNanos) {
        lastNanos = nowNanos;
        if (dialWanted) {
            dialWanted = false;
            connection(nowNanos);
        }
        ends.onTimer(nowNanos);
        idleTargets.onTimer(nowNanos);
        for (Connection each = connections.oldest(); each != null; ) {
            Connection next = each.place.younger();
            each.onTimer(nowNanos);
            settle(each, nowNanos);
            each = next;
        }
        for (Connection each = parting.oldest(); each != null; ) {
            Connection next = each.place.younger();
            settle(each, nowNanos);
            each = next;
        }
        tell(nowNanos);
    }

    private void showConnections() {
        counters.show(Gauge.UPSTREAM_CONNECTIONS, connections.size());
    }

    private void tell(long nowNanos) {
        for (H2Stream stream = untold.oldest(); stream != null; stream = untold.oldest()) {
            stream.wait.leave();
            stream.tell(nowNanos);
        }
        for (Session session = untoldSessions.oldest(); session != null; session = untoldSessions.oldest()) {
            session.wait.leave();
            session.tell(nowNanos);
        }
    }

    @Override
    public void close() {
        for (Connection each = connections.oldest(); each != null; each = connections.oldest()) {
            part(each, lastNanos);
        }
        for (Connection each = parting.oldest(); each != null; each = parting.oldest()) {
            each.place.leave();
            each.close();
        }
        showConnections();
    }

    // what connections and streams tell

    void lastNanos(long nowNanos) {
        lastNanos = nowNanos;
    }

    /** It will be told of its opening, or refusal. */
    void tellLater(H2Stream stream) {
        untold.add(stream.wait);
    }

    /** Draws the conclusions of what a connection has seen. */
    void settle(Connection connection, long nowNanos) {
        if (connection.isParting()) {
            closeIfParted(connection, nowNanos);
        } else if (connection.isOver()) {
            bury(connection, nowNanos);
        } else if (connection.isStanding()) {
            learned(UpstreamStatus.UP, 0);
            serveWaiting(0, nowNanos);
        }
    }

    private void bury(Connection connection, long nowNanos) {
        connection.place.leave();
        showConnections();
        if (connection.hasFailed()) {
            failed(connection, connection.overWhy(), connection.streams(), nowNanos);
        }
        connection.failStreams(nowNanos);
        part(connection, nowNanos);
        serveWaiting(connection.overError(), nowNanos);
    }

    /** A connection could not be made, broke the rules, was lost or complained of us: with so many streams. */
    void failed(Connection connection, String why, int streams, long nowNanos) {
        boolean moved = connection.hasStood() && connection.overError() == SocketError.ADDRESS_GONE;
        if (!moved) { // else the host has changed, and the broker is as well as before
            backOff.failed(nowNanos);
        }
        counters.increment(Counter.UPSTREAM_CONNECTIONS_FAILED);
        if (connection.hasStood()) {
            watch.onConnectionLost(why, streams);
        } else if (standing() == null) {
            learned(connection.overError() == 0 ? UpstreamStatus.WRONG_PROTOCOL : UpstreamStatus.UNREACHABLE,
                    connection.overError());
        }
    }

    private void part(Connection connection, long nowNanos) {
        connection.part(nowNanos);
        parting.add(connection.place);
        closeIfParted(connection, nowNanos);
        if (parting.size() > MOST_PARTING) {
            Connection oldest = parting.oldest();
            oldest.place.leave();
            oldest.close();
        }
    }

    private void closeIfParted(Connection connection, long nowNanos) {
        if (connection.hasParted(nowNanos)) {
            connection.place.leave();
            connection.close();
        }
    }

    /** Opens what waits for a connection, as far as there are some; refuses it where there will be none. */
    private void serveWaiting(int socketError, long nowNanos) {
        while (waitingSessions.size() > 0 && standing() != null) {
            Session session = waitingSessions.oldest();
            session.open();
            untoldSessions.add(session.wait);
        }
        for (H2Stream stream = waiting.oldest(); stream != null; stream = waiting.oldest()) {
            Connection connection = connection(nowNanos);
            if (connection == null) {
                break;
            }
            stream.wait.leave();
            connection.open(stream, nowNanos);
        }
        if (!isDialling()) {
            refuseWaiting(socketError, nowNanos);
        }
    }

    private void refuseWaiting(int socketError, long nowNanos) {
        for (H2Stream stream = waiting.oldest(); stream != null; stream = waiting.oldest()) {
            stream.wait.leave();
            stream.onUnopened(socketError, nowNanos);
        }
        for (Session session = waitingSessions.oldest(); session != null; session = waitingSessions.oldest()) {
            session.refuse(socketError == SocketError.TIMED_OUT ? Refusal.TIMED_OUT : Refusal.FAILED);
            untoldSessions.add(session.wait);
        }
    }

    private void learned(UpstreamStatus shown, int socketError) {
        if (shown != status) {
            status = shown;
            watch.onStatus(shown, socketError);
        }
    }

    /** A stream ended with this status. */
    void onStatus(String text) {
        watch.onStreamStatus(text);
    }

    /** A datagram for a client had no room. */
    void dropped() {
        counters.increment(Counter.DATAGRAMS_DOWN_NO_ROOM);
    }

    void recycle(FlowStream stream) {
        flows.give(stream);
    }

    void recycle(TargetStream stream) {
        targets.give(stream);
    }

    void recycle(Session session) {
        sessions.give(session);
    }
}
