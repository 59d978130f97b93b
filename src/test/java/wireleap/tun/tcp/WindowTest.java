package wireleap.tun.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wireleap.tun.tcp.HandPeer.MS;
import static wireleap.tun.tcp.HandPeer.RTO;
import static wireleap.tun.wire.TcpHeader.FIN;

import org.junit.jupiter.api.Test;
import wireleap.tun.mem.Counter;
import wireleap.tun.tcp.HandPeer.Segment;
import wireleap.tun.tcp.HandPeer.Sent;

/** The window offered and the window used: RFC 9293 section 3.8.6. */
class WindowTest {
    private static HandPeer withLimit(long limit) {
        HandPeer peer = new HandPeer();
        peer.limit = limit;
        return peer.handshake(new Segment().mss(1460));
    }

    @Test
    void aMebibyteIsOfferedThoughNothingIsHeld() {
        HandPeer peer = HandPeer.established();
        peer.data(0, 3000);
        Sent ack = peer.only();
        assertEquals((1 << 20) - 3000, ack.window() << 5, 31);
    }

    @Test
    void theHandshakeIsNotFollowedByAWindowUpdate() {
        HandPeer peer = new HandPeer();
        peer.handshakeUpToSynAck(new Segment().mss(1460).scale(7));
        peer.sent.clear();
        peer.arrives(new Segment().ack(0));
        assertEquals(TcpState.ESTABLISHED, peer.connection.state());
        assertTrue(peer.sent.isEmpty());
    }

    @Test
    void theFirstDataTellsTheWindowThatTheHandshakeCouldNot() {
        HandPeer peer = HandPeer.established();
        peer.produce(100);
        assertEquals(1 << 20, peer.only().window() << 5, 31);
    }

    @Test
    void aWindowWithoutRoomForAFirstFlightIsToldWhenItOpens() {
        HandPeer peer = withLimit(14_000);
        peer.limit = 100_000;
        peer.connection.pump(peer.now);
        assertEquals(65_535, peer.only().window());
    }

    @Test
    void theEdgeNeverPassesTheLimit() {
        HandPeer peer = HandPeer.established();
        for (int at = 0; at < 20_000; at += 333) {
            peer.data(at, 333);
            for (Sent sent : peer.sent) {
                assertTrue(sent.ack() + ((long) sent.window() << 5) <= peer.limit);
            }
        }
    }

    @Test
    void theWindowClosesWhenTheLimitStandsStill() {
        HandPeer peer = withLimit(2000);
        peer.data(0, 2000);
        assertEquals(0, peer.only().window());
    }

    @Test
    void theWindowDoesNotShrinkWhenTheLimitFalls() {
        HandPeer peer = withLimit(10_000);
        peer.data(0, 1000);
        peer.limit = 1500;
        peer.data(1000, 1000);
        assertEquals(10_000, peer.sent.getLast().ack() + peer.sent.getLast().window());
    }

    @Test
    void aWindowThatOpensIsTold() {
        HandPeer peer = withLimit(4000);
        peer.data(0, 4000);
        peer.sent.clear();
        peer.limit = 8000;
        peer.connection.pump(peer.now);
        assertEquals(4000, peer.only().window());
    }

    @Test
    void aWindowThatOpensByLessThanASegmentIsNotTold() {
        HandPeer peer = withLimit(4000);
        peer.data(0, 4000);
        peer.sent.clear();
        peer.limit = 5000;
        peer.connection.pump(peer.now);
        peer.data(4000, 100);
        assertEquals(0, peer.only().window());
    }

    @Test
    void aSinkThatHoldsLessThanASegmentStillOffersIt() {
        HandPeer peer = withLimit(500);
        peer.data(0, 500);
        peer.sent.clear();
        peer.limit = 1000;
        peer.connection.pump(peer.now);
        assertEquals(500, peer.only().window());
    }

    @Test
    void aWindowThatIsNotHalfUsedIsNotTold() {
        HandPeer peer = withLimit(20_000);
        peer.data(0, 4000);
        peer.sent.clear();
        peer.limit = 24_000;
        peer.connection.pump(peer.now);
        assertTrue(peer.sent.isEmpty());
    }

    @Test
    void aProbeOfAClosedWindowIsAnswered() {
        HandPeer peer = withLimit(4000);
        peer.data(0, 4000);
        peer.sent.clear();
        peer.arrives(new Segment().seq(3999));
        assertEquals(4000, peer.only().ack());
    }

    @Test
    void aByteThatProbesAClosedWindowIsAnsweredAndNotTaken() {
        HandPeer peer = withLimit(4000);
        peer.data(0, 4000);
        peer.sent.clear();
        peer.data(4000, 1);
        assertEquals(4000, peer.only().ack());
        assertEquals(4000, peer.received);
    }

    @Test
    void theAckOfAProbeIsRead() {
        HandPeer peer = withLimit(4000);
        peer.data(0, 4000);
        peer.produce(100);
        peer.arrives(new Segment().seq(4000).payload(1).ack(100));
        assertEquals(100, peer.released);
    }

    @Test
    void onlyTheWindowIsSent() {
        HandPeer peer = HandPeer.plain();
        peer.arrives(new Segment().window(5000));
        peer.produce(100_000);
        assertEquals(4380, peer.only().payload(), "three whole segments");
    }

    @Test
    void theRestOfASmallWindowIsUsedWhenItIsHalfOfTheLargest() {
        HandPeer peer = new HandPeer();
        peer.handshake(new Segment().mss(1460).window(600));
        peer.produce(1000);
        assertEquals(600, peer.only().payload());
    }

    @Test
    void aSillyWindowIsNotFilledAtOnceButAfterATime() {
        HandPeer peer = HandPeer.plain();
        peer.arrives(new Segment().window(20_000));
        peer.arrives(new Segment().window(1000));
        peer.produce(100_000);
        assertTrue(peer.sent.isEmpty());
        peer.pass(200 * MS);
        assertEquals(1000, peer.only().payload());
    }

    @Test
    void aWindowThatWasClosedForMinutesAndOpensSillyIsFilledAfterThatTime() {
        HandPeer peer = HandPeer.plain();
        peer.arrives(new Segment().window(0));
        peer.produce(100_000);
        for (int i = 0; i < 20; i++) {
            peer.pass(10_000 * MS);
            peer.arrives(new Segment().window(0));
        }
        peer.sent.clear();
        peer.arrives(new Segment().window(500));
        peer.pass(199 * MS);
        assertTrue(peer.sent.isEmpty(), "once a minute it would be probed");
        peer.pass(MS);
        assertEquals(500, peer.only().payload());
    }

    @Test
    void aPeerWhoseWindowStaysSillyGetsItsBytes() {
        HandPeer peer = HandPeer.plain();
        peer.arrives(new Segment().window(20_000));
        peer.arrives(new Segment().window(500));
        peer.produce(10_000);
        for (int i = 0; i < 20; i++) {
            peer.pass(210 * MS);
            peer.arrives(new Segment().ack(peer.connection.sndNxt()).window(500));
        }
        assertEquals(10_000, peer.released);
    }

    @Test
    void aSillyWindowIsFilledAtOnceByAllThatThereIs() {
        HandPeer peer = HandPeer.plain();
        peer.arrives(new Segment().window(20_000));
        peer.arrives(new Segment().window(1000));
        peer.produce(300);
        assertEquals(300, peer.only().payload());
    }

    @Test
    void aClosedWindowIsProbedAtDoublingIntervals() {
        HandPeer peer = HandPeer.plain();
        peer.arrives(new Segment().window(0));
        peer.produce(1000);
        assertTrue(peer.sent.isEmpty());
        peer.pass(RTO);
        Sent probe = peer.only();
        assertEquals(-1, probe.seq(), "one before what is acknowledged");
        assertEquals(0, probe.payload());
        peer.pass(2 * RTO - MS);
        assertTrue(peer.sent.isEmpty());
        peer.pass(MS);
        assertEquals(-1, peer.only().seq());
        assertEquals(2, peer.count(Counter.TCP_WINDOW_PROBE));
    }

    @Test
    void aClosedWindowIsNotProbedWhenThereIsNothingToSend() {
        HandPeer peer = HandPeer.plain();
        peer.arrives(new Segment().window(0));
        peer.pass(100_000 * MS);
        assertTrue(peer.sent.isEmpty());
    }

    @Test
    void aClosedWindowWakesNobodyWhenThereIsNothingToSend() {
        HandPeer peer = HandPeer.plain();
        peer.arrives(new Segment().window(0));
        peer.pass(MS);
        peer.connection.endOfTurn(peer.now);
        assertTrue(peer.connection.deadlineNanos() > peer.now + 60_000 * MS);
    }

    @Test
    void aClosedWindowIsEnduredAsLongAsProbesAreAnswered() {
        HandPeer peer = HandPeer.plain();
        peer.arrives(new Segment().window(0));
        peer.produce(1000);
        for (int i = 0; i < 600; i++) {
            peer.pass(10_000 * MS);
            peer.arrives(new Segment().window(0));
        }
        assertEquals(TcpState.ESTABLISHED, peer.connection.state());
        peer.arrives(new Segment().window(5000));
        assertEquals(1000, peer.sent.getLast().payload());
    }

    @Test
    void aPeerThatDoesNotAnswerProbesIsGivenUp() {
        HandPeer peer = HandPeer.plain();
        peer.arrives(new Segment().window(0));
        peer.produce(1000);
        peer.pass(300_000 * MS);
        assertEquals(TcpEnd.TIMED_OUT, peer.connection.end());
    }

    @Test
    void aPeerThatClosesItsWindowOverSentDataIsEnduredAsLongAsItAnswers() {
        HandPeer peer = HandPeer.plain();
        peer.produce(1000);
        for (int i = 0; i < 600; i++) {
            peer.pass(1000 * MS);
            peer.arrives(new Segment().window(0));
        }
        assertEquals(TcpState.ESTABLISHED, peer.connection.state());
    }

    @Test
    void whatWasDroppedByAClosedWindowIsSentWhenItOpens() {
        HandPeer peer = HandPeer.plain();
        peer.produce(1000);
        peer.arrives(new Segment().window(0));
        peer.pass(30_000 * MS);
        peer.sent.clear();
        peer.arrives(new Segment().window(5000));
        assertEquals(1000, peer.only().payload());
    }

    @Test
    void theFinNeedsNoWindow() {
        HandPeer peer = HandPeer.plain();
        peer.arrives(new Segment().window(0));
        peer.end();
        assertTrue(peer.only().has(FIN));
    }

    @Test
    void anOldSegmentDoesNotMoveTheWindow() {
        HandPeer peer = HandPeer.plain();
        peer.data(0, 100);
        peer.arrives(new Segment().seq(100).window(9000));
        peer.arrives(new Segment().seq(0).payload(100).window(1));
        assertEquals(9000, peer.connection.sndWindowEdge());
    }

    @Test
    void anAckWithoutPayloadIsNotBeyondTheWindowOfThePeer() {
        HandPeer peer = HandPeer.plain();
        peer.produce(10_000);
        peer.sent.clear();
        peer.arrives(new Segment().payload(3000).window(3000));
        assertEquals(3000, peer.only().seq());
    }
}
