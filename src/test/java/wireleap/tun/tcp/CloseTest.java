package wireleap.tun.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wireleap.tun.tcp.HandPeer.FIN_ACK;
import static wireleap.tun.tcp.HandPeer.MS;
import static wireleap.tun.tcp.HandPeer.RTO;
import static wireleap.tun.tcp.HandPeer.RST_ACK;
import static wireleap.tun.wire.TcpHeader.FIN;
import static wireleap.tun.wire.TcpHeader.RST;
import static wireleap.tun.wire.TcpHeader.SYN;

import org.junit.jupiter.api.Test;
import wireleap.tun.mem.Counter;
import wireleap.tun.tcp.HandPeer.Segment;
import wireleap.tun.tcp.HandPeer.Sent;

/** The ways to an end: RFC 9293 sections 3.5, 3.6 and 3.8.4, RFC 5961. */
class CloseTest {
    private final HandPeer peer = HandPeer.established();
    private final TcpConnection connection = peer.connection;

    private Segment segment() {
        return new Segment().seq(connection.rcvNxt()).ack(connection.sndNxt());
    }

    /** Both FINs, the peer's last. */
    private void toTimeWait() {
        peer.end();
        peer.arrives(segment().flags(FIN_ACK));
    }

    @Test
    void thePeerEndsFirst() {
        peer.arrives(segment().flags(FIN_ACK));
        assertEquals(TcpState.CLOSE_WAIT, connection.state());
        peer.end();
        assertEquals(TcpState.LAST_ACK, connection.state());
        peer.arrives(segment());
        assertEquals(TcpEnd.CLEAN, connection.end());
    }

    @Test
    void weEndFirst() {
        peer.end();
        assertEquals(TcpState.FIN_WAIT_1, connection.state());
        peer.arrives(segment());
        assertEquals(TcpState.FIN_WAIT_2, connection.state());
        peer.arrives(segment().flags(FIN_ACK));
        assertEquals(TcpState.TIME_WAIT, connection.state());
        peer.pass(2_000 * MS);
        assertEquals(TcpEnd.CLEAN, connection.end());
    }

    @Test
    void bothEndAtOnce() {
        peer.end();
        peer.arrives(new Segment().flags(FIN_ACK));
        assertEquals(TcpState.CLOSING, connection.state());
        peer.arrives(segment());
        assertEquals(TcpState.TIME_WAIT, connection.state());
    }

    @Test
    void aFinThatAcknowledgesOursGoesStraightToTimeWait() {
        toTimeWait();
        assertEquals(TcpState.TIME_WAIT, connection.state());
    }

    @Test
    void dataGoesOnForHoursAfterOurEnd() {
        peer.end();
        peer.arrives(segment());
        for (int i = 0; i < 100; i++) {
            peer.pass(600_000 * MS);
            peer.arrives(segment().payload(10));
        }
        assertEquals(1000, peer.received);
        assertEquals(TcpState.FIN_WAIT_2, connection.state());
    }

    @Test
    void dataGoesOnForHoursAfterThePeersEnd() {
        peer.arrives(segment().flags(FIN_ACK));
        for (int i = 0; i < 100; i++) {
            peer.pass(600_000 * MS);
            peer.produce(10);
            peer.arrives(segment());
        }
        assertEquals(1000, peer.released);
        assertEquals(TcpState.CLOSE_WAIT, connection.state());
    }

    @Test
    void aLostFinIsSentAgain() {
        peer.end();
        peer.sent.clear();
        peer.pass(RTO);
        assertTrue(peer.only().has(FIN));
    }

    @Test
    void aLostFinIsSentAgainWithTheDataBeforeIt() {
        peer.produced = 100;
        peer.end();
        peer.sent.clear();
        peer.pass(RTO);
        Sent again = peer.only();
        assertTrue(again.has(FIN));
        assertEquals(100, again.payload());
    }

    @Test
    void aRepeatedFinIsAnsweredInTimeWaitWhichBeginsAnew() {
        toTimeWait();
        peer.sent.clear();
        peer.pass(1_500 * MS);
        peer.arrives(new Segment().flags(FIN_ACK).ack(1));
        assertEquals(1, peer.only().ack());
        peer.pass(1_500 * MS);
        assertEquals(TcpState.TIME_WAIT, connection.state());
    }

    @Test
    void timeWaitYieldsToAYoungerSyn() {
        toTimeWait();
        assertTrue(connection.yieldsTo(peer.syn(1000)));
        assertEquals(HandPeer.ISS + 2 + 0x10000, connection.successorIss());
    }

    @Test
    void timeWaitYieldsToASynYoungerByItsTimestampWhateverItsNumber() {
        toTimeWait();
        assertTrue(connection.yieldsTo(peer.syn(-1, 1_000)));
        assertFalse(connection.yieldsTo(peer.syn(-1, 1)));
    }

    @Test
    void timeWaitDoesNotYieldToAnOldSyn() {
        toTimeWait();
        assertFalse(connection.yieldsTo(peer.syn(-1)));
    }

    @Test
    void anEstablishedConnectionYieldsToNoSyn() {
        assertFalse(connection.yieldsTo(peer.syn(1000)));
    }

    @Test
    void abortSendsAReset() {
        peer.produce(100);
        peer.sent.clear();
        connection.abort(peer.now);
        Sent reset = peer.only();
        assertEquals(RST_ACK, reset.flags());
        assertEquals(100, reset.seq());
        assertEquals(TcpEnd.ABORTED, connection.end());
    }

    @Test
    void abortInTimeWaitSendsNothing() {
        toTimeWait();
        peer.sent.clear();
        connection.abort(peer.now);
        assertTrue(peer.sent.isEmpty());
    }

    @Test
    void aClosedConnectionHasNoDeadline() {
        connection.abort(peer.now);
        assertEquals(TcpConnection.NO_DEADLINE, connection.deadlineNanos());
    }

    @Test
    void aResetExactlyNextEndsTheConnection() {
        peer.arrives(segment().flags(RST));
        assertEquals(TcpEnd.RESET_BY_PEER, connection.end());
        assertEquals(1, peer.count(Counter.TCP_RESET_RECEIVED));
        assertTrue(peer.sent.isEmpty());
    }

    @Test
    void aResetInTheWindowIsChallenged() {
        peer.arrives(new Segment().seq(1).flags(RST));
        assertEquals(TcpState.ESTABLISHED, connection.state());
        assertEquals(0, peer.only().ack());
    }

    @Test
    void aResetOutsideTheWindowIsDropped() {
        peer.arrives(new Segment().seq(-1).flags(RST));
        peer.arrives(new Segment().seq(100 << 20).flags(RST));
        assertEquals(TcpState.ESTABLISHED, connection.state());
        assertTrue(peer.sent.isEmpty());
    }

    @Test
    void aSynInTheWindowIsChallenged() {
        peer.arrives(new Segment().seq(5).flags(SYN));
        assertEquals(TcpState.ESTABLISHED, connection.state());
        assertEquals(0, peer.only().ack());
    }

    @Test
    void tenChallengesASecondAreAnswered() {
        for (int i = 0; i < 100; i++) {
            peer.arrives(new Segment().seq(5).flags(SYN));
        }
        assertEquals(10, peer.sent.size());
        assertEquals(90, peer.count(Counter.TCP_CHALLENGE_ACK_WITHHELD));
        peer.pass(1_000 * MS);
        peer.arrives(new Segment().seq(5).flags(SYN));
        assertEquals(11, peer.sent.size());
    }

    @Test
    void aResetInLastAckIsAnErrorForThePeerMayLackData() {
        peer.arrives(segment().flags(FIN_ACK));
        peer.produced = 100;
        peer.end();
        peer.arrives(segment().flags(RST));
        assertEquals(TcpEnd.RESET_BY_PEER, connection.end());
    }

    @Test
    void aResetInTimeWaitIsAnEndAsGoodAsAny() {
        toTimeWait();
        peer.arrives(segment().flags(RST));
        assertEquals(TcpEnd.CLEAN, connection.end());
    }

    @Test
    void aSilentPeerIsProbedAfterTwoHours() {
        peer.pass(2 * 3600_000 * MS - MS);
        assertTrue(peer.sent.isEmpty());
        peer.pass(MS);
        assertEquals(-1, peer.only().seq());
    }

    @Test
    void aPeerThatAnswersProbesStays() {
        for (int i = 0; i < 50; i++) {
            peer.pass(2 * 3600_000 * MS);
            peer.arrives(segment());
        }
        assertEquals(TcpState.ESTABLISHED, connection.state());
        assertEquals(50, peer.count(Counter.TCP_KEEP_ALIVE_PROBE));
    }

    @Test
    void aPeerThatLeavesNineProbesUnansweredIsGivenUp() {
        peer.pass(2 * 3600_000 * MS + 9 * 75_000 * MS - MS);
        assertEquals(TcpState.ESTABLISHED, connection.state());
        assertEquals(9, peer.count(Counter.TCP_KEEP_ALIVE_PROBE));
        peer.pass(MS);
        assertEquals(TcpEnd.TIMED_OUT, connection.end());
    }

    @Test
    void anOldDuplicateByItsTimestampIsDropped() {
        peer.arrives(segment().payload(10).timestamps(100));
        peer.sent.clear();
        peer.arrives(segment().payload(10).timestamps(99));
        assertEquals(10, peer.received);
        assertEquals(1, peer.count(Counter.DROP_TCP_PAWS));
        assertEquals(10, peer.only().ack());
    }

    @Test
    void aResetIsNotSubjectToPaws() {
        peer.arrives(segment().payload(10).timestamps(100));
        peer.arrives(segment().flags(RST).timestamps(1));
        assertEquals(TcpEnd.RESET_BY_PEER, connection.end());
    }

    @Test
    void theTimestampOfASegmentBeyondTheLastAckIsNotEchoed() {
        peer.arrives(new Segment().seq(0).payload(3000).timestamps(100));
        peer.arrives(new Segment().seq(4000).payload(10).timestamps(200));
        assertEquals(100, peer.sent.getLast().tsEcr());
    }

    @Test
    void aSegmentWithoutTimestampIsTakenAllTheSame() {
        peer.arrives(segment().payload(10));
        assertEquals(10, peer.received);
    }
}
