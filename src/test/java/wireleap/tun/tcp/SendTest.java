package wireleap.tun.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wireleap.tun.tcp.HandPeer.MS;
import static wireleap.tun.tcp.HandPeer.RTO;
import static wireleap.tun.wire.TcpHeader.ACK;
import static wireleap.tun.wire.TcpHeader.FIN;
import static wireleap.tun.wire.TcpHeader.PSH;

import java.util.List;
import org.junit.jupiter.api.Test;
import wireleap.tun.mem.Counter;
import wireleap.tun.tcp.HandPeer.Segment;
import wireleap.tun.tcp.HandPeer.Sent;

/** Sending, losing and sending again: RFC 5681, 6298, 6582, 6675, 6928. */
class SendTest {
    private static final int MSS = 1448;
    private static final int WINDOW = 65_535;

    private final HandPeer peer = HandPeer.established();
    private final TcpConnection connection = peer.connection;

    SendTest() {
        peer.arrives(new Segment().window(WINDOW));
    }

    private Segment ack(long position) {
        return new Segment().ack(position);
    }

    /** Lets ten segments be in flight. */
    private void sendTen() {
        peer.produce(10 * MSS);
        peer.sent.clear();
    }

    @Test
    void tenSegmentsAreSentAtFirst() {
        peer.produce(1 << 20);
        Sent only = peer.only();
        assertEquals(10 * MSS, only.payload());
        assertEquals(MSS, only.mss());
    }

    @Test
    void anAcknowledgedSuperSegmentDoublesTheWindow() {
        peer.produce(1 << 20);
        peer.arrives(ack(10 * MSS));
        assertEquals(20 * MSS, connection.cwndBytes());
    }

    @Test
    void superSegmentsAreAsLargeAsWholeSegmentsFit() {
        long acked = 0;
        peer.produce(1 << 20);
        int largest = 0;
        while (!peer.sent.isEmpty()) {
            Sent sent = peer.next();
            largest = Math.max(largest, sent.payload());
            acked = sent.seq() + sent.payload();
            peer.arrives(ack(acked));
        }
        assertEquals((65_515 - 60) / MSS * MSS, largest);
        assertEquals(1 << 20, acked);
    }

    @Test
    void withoutSuperSegmentsEachSegmentIsSentAlone() {
        peer.maxSegmentBytes = 1480;
        peer.produce(3 * MSS);
        assertEquals(3, peer.sent.size());
    }

    @Test
    void smallDataIsNotHeldBack() {
        peer.produce(10);
        peer.produce(20);
        assertEquals(List.of(10, 20), peer.sent.stream().map(Sent::payload).toList());
    }

    @Test
    void theLastSegmentOfWhatThereIsIsPushed() {
        peer.produce(3000);
        assertEquals(ACK | PSH, peer.only().flags());
    }

    @Test
    void acknowledgedBytesAreReleased() {
        sendTen();
        peer.arrives(ack(2000));
        assertEquals(2000, peer.released);
    }

    @Test
    void aWindowThatIsNotUsedDoesNotGrow() {
        for (int i = 0; i < 100; i++) {
            peer.produce(1000);
            peer.arrives(ack(peer.produced));
        }
        assertEquals(10 * MSS, connection.cwndBytes());
    }

    @Test
    void theEndOfTheStreamGoesWithTheLastBytes() {
        peer.produced = 100;
        peer.end();
        Sent only = peer.only();
        assertTrue(only.has(FIN));
        assertEquals(100, only.payload());
        assertEquals(TcpState.FIN_WAIT_1, connection.state());
    }

    @Test
    void anUnacknowledgedSegmentIsSentAgainAfterTheTimeout() {
        peer.produce(100);
        peer.sent.clear();
        peer.pass(RTO - MS);
        assertTrue(peer.sent.isEmpty());
        peer.pass(MS);
        Sent again = peer.only();
        assertEquals(0, again.seq());
        assertEquals(100, again.payload());
        assertEquals(1, peer.count(Counter.TCP_RETRANSMIT_TIMEOUT));
    }

    @Test
    void timeoutsDouble() {
        peer.produce(100);
        peer.sent.clear();
        peer.pass((1 + 2 + 4) * RTO);
        assertEquals(3, peer.sent.size());
    }

    @Test
    void afterATimeoutOneSegmentIsSentThenTwo() {
        sendTen();
        peer.pass(RTO);
        assertEquals(MSS, peer.only().payload());
        peer.arrives(ack(MSS));
        assertEquals(List.of((long) MSS, 2L * MSS), peer.sent.stream().map(Sent::seq).toList());
        assertEquals(List.of(MSS, MSS), peer.sent.stream().map(Sent::payload).toList());
    }

    @Test
    void aTimeoutKeepsWhatWasReported() {
        sendTen();
        peer.arrives(ack(0).sack(MSS, 2 * MSS));
        peer.pass(RTO);
        peer.sent.clear();
        peer.arrives(ack(2 * MSS));
        assertEquals(2 * MSS, peer.next().seq());
    }

    @Test
    void aPeerThatDropsWhatItHasReportedGetsItAgain() {
        sendTen();
        peer.pass(MS);
        peer.arrives(ack(0).sack(MSS, 10 * MSS));
        peer.pass(MS);
        peer.sent.clear();
        peer.arrives(ack(MSS));
        assertEquals(MSS, peer.next().seq());
    }

    @Test
    void aPeerThatAcknowledgesNothingIsGivenUpAndReset() {
        peer.produce(100);
        peer.pass(300_000 * MS);
        assertEquals(TcpEnd.TIMED_OUT, connection.end());
        assertEquals(HandPeer.RST_ACK, peer.sent.getLast().flags());
        assertEquals(1, peer.count(Counter.TCP_GIVEN_UP));
    }

    @Test
    void bytesReportedBeyondAHoleStartFastRecovery() {
        sendTen();
        peer.pass(8 * MS);
        peer.arrives(ack(0).sack(MSS, 4 * MSS));
        Sent again = peer.only();
        assertEquals(0, again.seq());
        assertEquals(MSS, again.payload());
        assertEquals(10 * MSS, connection.cwndBytes());
        assertEquals(1, peer.count(Counter.TCP_FAST_RECOVERY));
        assertEquals(1, peer.count(Counter.TCP_RETRANSMIT_FAST));
    }

    @Test
    void whatIsReportedIsNotSentAgain() {
        sendTen();
        peer.pass(MS);
        peer.arrives(ack(0).sack(MSS, 2 * MSS).sack(3 * MSS, 10 * MSS));
        peer.pass(MS);
        peer.arrives(ack(MSS * 2).sack(3 * MSS, 10 * MSS));
        assertEquals(List.of(0L, 2L * MSS), peer.sent.stream().map(Sent::seq).toList());
        assertEquals(List.of(MSS, MSS), peer.sent.stream().map(Sent::payload).toList());
    }

    @Test
    void aHoleOfManySegmentsIsSentAsASuperSegment() {
        peer.produce(1 << 20);
        for (long at = 10 * MSS; at <= 160 * MSS; at += 10 * MSS) {
            peer.arrives(ack(at));
        }
        long una = connection.sndUna();
        long nxt = connection.sndNxt();
        peer.sent.clear();
        peer.arrives(ack(una).sack(una + 20 * MSS, nxt));
        assertTrue(peer.sent.stream().mapToInt(Sent::payload).max().orElseThrow() > 10 * MSS, peer.sent.toString());
    }

    @Test
    void afterALossASuperSegmentIsAThirdOfTheWindow() {
        sendTen();
        peer.pass(MS);
        peer.arrives(ack(0).sack(MSS, 10 * MSS));
        peer.pass(MS);
        peer.arrives(ack(10 * MSS));
        peer.sent.clear();
        peer.produce(1 << 20);
        assertEquals(10 * MSS, connection.cwndBytes(), MSS);
        assertEquals(List.of(3 * MSS, 3 * MSS, 3 * MSS), peer.sent.stream().map(Sent::payload).limit(3).toList());
    }

    @Test
    void duplicateSackIsTolerated() {
        sendTen();
        peer.arrives(ack(5 * MSS));
        peer.arrives(ack(5 * MSS).sack(0, MSS));
        peer.arrives(ack(5 * MSS).sack(0, 6 * MSS));
        peer.arrives(ack(10 * MSS));
        assertEquals(10 * MSS, peer.released);
        assertEquals(0, peer.count(Counter.TCP_FAST_RECOVERY));
    }

    @Test
    void blocksBeyondWhatWasSentAreIgnored() {
        sendTen();
        peer.arrives(ack(0).sack(MSS, 11 * MSS).sack(1L << 30, (1L << 30) + 5).sack(9000, 8000));
        assertEquals(0, peer.count(Counter.TCP_FAST_RECOVERY));
    }

    @Test
    void threeDuplicateAcksStartFastRecoveryWithoutSack() {
        HandPeer plain = HandPeer.plain();
        plain.produce(10 * 1460);
        plain.sent.clear();
        plain.arrives(ack(0));
        plain.arrives(ack(0));
        assertTrue(plain.sent.isEmpty());
        plain.arrives(ack(0));
        Sent again = plain.only();
        assertEquals(0, again.seq());
        assertEquals(1460, again.payload());
    }

    @Test
    void aPartialAckSendsTheNextSegmentAgain() {
        HandPeer plain = HandPeer.plain();
        plain.produce(10 * 1460);
        for (int i = 0; i < 3; i++) {
            plain.arrives(ack(0));
        }
        plain.sent.clear();
        plain.arrives(ack(4 * 1460));
        Sent again = plain.only();
        assertEquals(4 * 1460, again.seq());
        assertEquals(1460, again.payload());
    }

    @Test
    void aWindowUpdateIsNoDuplicateAck() {
        HandPeer plain = HandPeer.plain();
        plain.produce(10 * 1460);
        plain.sent.clear();
        for (int window = 60_000; window < 60_005; window++) {
            plain.arrives(ack(0).window(window));
        }
        assertTrue(plain.sent.isEmpty());
    }

    @Test
    void recoveryEndsWhenAllThatWasOutstandingIsAcknowledged() {
        sendTen();
        peer.arrives(ack(0).sack(MSS, 10 * MSS));
        peer.arrives(ack(10 * MSS));
        peer.sent.clear();
        peer.produce(5 * MSS);
        assertEquals(5 * MSS, peer.sent.stream().mapToInt(Sent::payload).sum());
        peer.arrives(ack(10 * MSS).sack(11 * MSS, 15 * MSS));
        assertEquals(2, peer.count(Counter.TCP_FAST_RECOVERY));
    }

    @Test
    void aRoundTripSetsTheTimeout() {
        peer.produce(100);
        peer.pass(40 * MS);
        peer.arrives(ack(100));
        // first sample 0 (handshake): SRTT 40/8, RTTVAR 40/4 ms
        assertEquals(5 * MS, connection.rttNanos());
        assertEquals(5 * MS + RTO, connection.rtoNanos(), "the least one");
        peer.produce(100);
        peer.pass(55 * MS);
        peer.arrives(ack(200));
        // RTTVAR 3/4 * 10 + 1/4 * 50, SRTT 5 + 50/8 ms
        assertEquals((5 + 6.25 + 4 * 20) * MS, connection.rtoNanos());
    }

    @Test
    void aSegmentSentAgainIsNotTimedWithoutTimestamps() {
        HandPeer plain = HandPeer.plain();
        plain.produce(100);
        plain.pass(RTO + 10 * MS);
        plain.arrives(ack(100));
        assertEquals(0, plain.connection.rttNanos());
        assertEquals(2 * RTO, plain.connection.rtoNanos(), "the doubling stays");
    }

    @Test
    void anEchoTimesASegmentSentAgain() {
        peer.produce(100);
        peer.pass(RTO + 6 * MS);
        int tsVal = peer.sent.getLast().tsVal();
        peer.pass(10 * MS);
        peer.arrives(ack(100).timestamps(50).echo(tsVal));
        assertEquals(16 * MS / 8, connection.rttNanos());
    }

    @Test
    void sendingWhileReceivingOutOfOrderTellsTheBlocks() {
        peer.data(1000, 100);
        peer.sent.clear();
        peer.produce(20_000);
        Sent sent = peer.next();
        assertEquals(List.of("1000-1100"), sent.sacks());
        assertEquals(MSS - 12, sent.mss());
    }

    @Test
    void anAckOfTheFutureIsChallenged() {
        sendTen();
        peer.arrives(ack(10 * MSS + 1));
        assertEquals(0, peer.only().ack());
        assertEquals(1, peer.count(Counter.DROP_TCP_ACK));
        assertEquals(0, peer.released);
    }

    @Test
    void anAckOfLongAgoIsChallenged() {
        peer.arrives(ack(-100_000_000));
        assertEquals(1, peer.count(Counter.TCP_CHALLENGE_ACK));
    }

    @Test
    void aSourceThatHasEnoughForThisTurnIsNotAskedAgainInIt() {
        assertFalse(peer.ended);
        connection.pump(peer.now);
        assertTrue(peer.sent.isEmpty());
    }

    @Test
    void theCongestionWindowBoundsWhatMayBeSent() {
        assertEquals(10 * MSS, connection.sendableBytes());
        peer.produce(3 * MSS);
        assertEquals(7 * MSS, connection.sendableBytes());
        peer.produce(1 << 20);
        assertEquals(0, connection.sendableBytes());
    }

    @Test
    void theWindowOfThePeerBoundsWhatMayBeSent() {
        HandPeer plain = HandPeer.plain();
        plain.arrives(new Segment().window(3000));
        assertEquals(3000, plain.connection.sendableBytes());
    }

    @Test
    void nothingMayBeSentBeforeTheHandshakeOrAfterTheEnd() {
        HandPeer dialling = new HandPeer();
        dialling.handshakeUpToSynAck(new Segment().mss(1460));
        assertEquals(0, dialling.connection.sendableBytes());
        peer.end();
        assertEquals(0, connection.sendableBytes());
    }
}
