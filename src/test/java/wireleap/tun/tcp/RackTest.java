package wireleap.tun.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wireleap.tun.tcp.HandPeer.MS;
import static wireleap.tun.tcp.HandPeer.RTO;
import static wireleap.tun.wire.TcpHeader.FIN;

import java.util.List;
import org.junit.jupiter.api.Test;
import wireleap.tun.mem.Counter;
import wireleap.tun.tcp.HandPeer.Segment;
import wireleap.tun.tcp.HandPeer.Sent;

/** What is lost, told by time, and tails that are probed: RFC 8985. Round trips take 8 ms. */
class RackTest {
    private static final int MSS = 1448;
    private static final long RTT = 8 * MS;

    private final HandPeer peer = HandPeer.established();
    private final TcpConnection connection = peer.connection;

    /** Where the tests begin: after so many exchanges that the handshake, which took no time, has faded. */
    private static final long START = 4000;

    RackTest() {
        while (peer.produced < START) {
            peer.produce(100);
            peer.pass(RTT);
            peer.arrives(ack(peer.produced));
        }
        peer.sent.clear();
    }

    private Segment ack(long position) {
        return new Segment().ack(position);
    }

    private Segment ack() {
        return ack(START);
    }

    private static long at(int segment) {
        return START + (long) segment * MSS;
    }

    private List<Long> sentPositions() {
        return peer.sent.stream().map(Sent::seq).toList();
    }

    private void send(int segments) {
        peer.produce((long) segments * MSS);
        peer.sent.clear();
    }

    @Test
    void aRetransmissionThatIsLostAgainIsFoundWithoutATimeout() {
        send(10);
        peer.pass(RTT);
        peer.arrives(ack().sack(at(1), at(4)));
        assertEquals(at(0), peer.next().seq());
        peer.produce(MSS);
        peer.pass(RTT);
        peer.arrives(ack().sack(at(1), at(10)));
        peer.sent.clear();
        peer.produce(MSS);
        assertEquals(at(11), peer.next().seq(), "sent after the retransmission");
        peer.pass(RTT);
        peer.arrives(ack().sack(at(11), at(12)).sack(at(1), at(10)));
        assertEquals(at(0), peer.next().seq());
        assertEquals(0, peer.count(Counter.TCP_TIMEOUT));
    }

    @Test
    void aSegmentThatIsALittleLateIsNotLost() {
        send(10);
        peer.pass(RTT);
        peer.arrives(ack().sack(at(1), at(2)));
        peer.pass(RTT / 8);
        peer.arrives(ack(at(2)));
        peer.pass(RTT / 2);
        assertEquals(0, peer.count(Counter.TCP_FAST_RECOVERY));
    }

    @Test
    void aSegmentThatStaysAwayIsLostAfterAQuarterOfARoundTrip() {
        send(3);
        peer.pass(RTT);
        peer.arrives(ack().sack(at(1), at(2)));
        assertTrue(peer.sent.isEmpty());
        peer.pass(RTT / 4);
        assertEquals(List.of(at(0)), sentPositions());
    }

    @Test
    void wherePacketsChangedTheirOrderBeforeThreeSegmentsBeyondAreNoLossAtOnce() {
        send(3);
        peer.pass(RTT);
        peer.arrives(ack().sack(at(1), at(2)));
        peer.arrives(ack(at(3)));
        send(7);
        peer.pass(RTT);
        peer.arrives(ack(at(3)).sack(at(4), at(8)));
        assertTrue(peer.sent.isEmpty());
        peer.pass(RTT / 4);
        assertEquals(at(3), peer.next().seq());
    }

    @Test
    void aReportedDuplicateWidensTheTolerance() {
        send(3);
        peer.pass(RTT);
        peer.arrives(ack().sack(at(1), at(2)));
        peer.pass(RTT / 4);
        peer.arrives(ack(at(3)).sack(at(0), at(1)));
        send(2);
        peer.pass(RTT);
        peer.arrives(ack(at(3)).sack(at(4), at(5)));
        peer.pass(RTT / 2 - MS);
        assertTrue(peer.sent.isEmpty());
        peer.pass(MS);
        assertEquals(at(3), peer.next().seq());
    }

    @Test
    void theFirstDuplicatesLetNewSegmentsGo() {
        peer.produce(100 * MSS);
        peer.sent.clear();
        peer.arrives(ack().sack(at(1), at(2)));
        assertEquals(MSS, peer.only().payload());
    }

    @Test
    void theFirstDuplicatesLetNewSegmentsGoWithoutSack() {
        HandPeer plain = HandPeer.plain();
        plain.produce(100 * 1460);
        plain.sent.clear();
        plain.arrives(ack(0));
        plain.arrives(ack(0));
        assertEquals(List.of(14_600L, 16_060L), plain.sent.stream().map(Sent::seq).toList());
    }

    @Test
    void theLastSegmentOfATailIsProbed() {
        send(4);
        peer.pass(2 * RTT + 2 * MS);
        Sent probe = peer.only();
        assertEquals(at(3), probe.seq());
        assertEquals(MSS, probe.payload());
        assertEquals(1, peer.count(Counter.TCP_RETRANSMIT_PROBE));
    }

    @Test
    void aTailOfOneSegmentIsProbedWhenItsAckCannotBeDelayedAnyMore() {
        HandPeer near = HandPeer.established();
        near.produce(100);
        near.pass(MS);
        near.arrives(ack(100));
        near.produce(200);
        near.sent.clear();
        near.pass(50 * MS);
        assertTrue(near.sent.isEmpty());
        near.pass(2 * MS);
        assertEquals(100, near.only().seq());
        assertEquals(0, near.count(Counter.TCP_TIMEOUT));
    }

    @Test
    void aTailIsProbedOnceThenItTimesOut() {
        send(4);
        peer.pass(2 * RTT + 2 * MS);
        peer.sent.clear();
        peer.pass(RTT + RTO - MS);
        assertTrue(peer.sent.isEmpty(), sentPositions().toString());
        peer.pass(2 * MS);
        assertEquals(at(0), peer.next().seq());
        assertEquals(1, peer.count(Counter.TCP_TIMEOUT));
    }

    @Test
    void whatThePeerSendsDoesNotPutTheProbeOff() {
        send(4);
        for (int i = 0; i < 18; i++) {
            peer.pass(MS);
            peer.arrives(ack().seq(i * 2000L).payload(2000));
        }
        assertEquals(1, peer.count(Counter.TCP_TAIL_PROBE));
    }

    @Test
    void aPeerThatHeldSomethingOutOfOrderMayDelayItsAckAgainAfterAWhile() {
        send(5);
        peer.pass(RTT);
        peer.arrives(ack().sack(at(1), at(4)));
        peer.pass(RTT);
        peer.arrives(ack(at(5)));
        for (int i = 5; i < 25; i++) {
            send(1);
            peer.pass(RTT);
            peer.arrives(ack(at(i + 1)));
        }
        send(1);
        peer.pass(45 * MS);
        assertEquals(0, peer.count(Counter.TCP_TIMEOUT) + peer.count(Counter.TCP_TAIL_PROBE));
    }

    @Test
    void aProbeHasNewBytesIfThereAreAny() {
        peer.produce(100 * MSS);
        long end = connection.sndNxt();
        peer.sent.clear();
        peer.pass(2 * RTT + 2 * MS);
        Sent probe = peer.only();
        assertEquals(end, probe.seq());
        assertEquals(MSS, probe.payload());
        assertEquals(0, peer.count(Counter.TCP_RETRANSMIT_PROBE));
    }

    @Test
    void aProbeThatHasNothingToSendIsNone() {
        send(4);
        peer.arrives(ack().window(MSS >> 7));
        peer.pass(2 * RTT + 2 * MS);
        assertTrue(peer.sent.isEmpty(), "the window ends before the tail");
        assertEquals(0, peer.count(Counter.TCP_TAIL_PROBE));
    }

    @Test
    void aProbeThatHasNothingToSendDoesNotPutTheTimeoutOff() {
        send(4);
        peer.arrives(ack().window(MSS >> 7));
        peer.pass(connection.rtoNanos());
        assertEquals(1, peer.count(Counter.TCP_TIMEOUT));
        assertEquals(at(0), peer.next().seq());
    }

    @Test
    void aFinAloneIsProbed() {
        peer.end();
        peer.sent.clear();
        peer.pass(2 * RTT + 50 * MS);
        assertTrue(peer.only().has(FIN));
    }

    @Test
    void theProbeShowsTheLossOfMoreThanItself() {
        send(4);
        peer.pass(2 * RTT + 2 * MS);
        peer.sent.clear();
        peer.pass(RTT);
        peer.arrives(ack(at(1)).sack(at(3), at(4)));
        assertEquals(at(1), peer.next().seq());
        assertEquals(0, peer.count(Counter.TCP_TIMEOUT));
    }

    @Test
    void aLossThatTheProbeHasMadeGoodShrinksTheWindow() {
        send(10);
        peer.pass(RTT);
        peer.arrives(ack(at(10)));
        send(4);
        peer.pass(2 * RTT + 2 * MS);
        peer.arrives(ack(at(14)));
        long before = connection.cwndBytes();
        send(4);
        peer.arrives(ack(at(18)));
        assertTrue(connection.cwndBytes() < before, connection.cwndBytes() + " of " + before);
    }

    @Test
    void aProbeThatWasNotNeededShrinksNothing() {
        send(4);
        peer.pass(2 * RTT + 2 * MS);
        long before = connection.cwndBytes();
        peer.arrives(ack(at(4)));
        peer.arrives(ack(at(4)).sack(at(3), at(4)));
        send(4);
        peer.arrives(ack(at(8)));
        assertTrue(connection.cwndBytes() >= before, connection.cwndBytes() + " of " + before);
    }

    @Test
    void thatAProbeWasNotNeededMayBeToldByTheAckOfWhatFollowed() {
        send(4);
        peer.pass(2 * RTT + 2 * MS);
        long before = connection.cwndBytes();
        peer.arrives(ack(at(4)));
        send(4);
        peer.arrives(ack(at(8)).sack(at(3), at(4)));
        assertTrue(connection.cwndBytes() >= before, connection.cwndBytes() + " of " + before);
    }

    @Test
    void aProbeThatWasNotNeededSaysNothingOfTheOrderOfPackets() {
        send(4);
        peer.pass(2 * RTT + 2 * MS);
        peer.arrives(ack(at(4)));
        peer.arrives(ack(at(4)).sack(at(3), at(4)));
        send(3);
        peer.pass(RTT);
        peer.arrives(ack(at(4)).sack(at(5), at(6)));
        peer.pass(RTT / 4);
        assertEquals(List.of(at(4)), sentPositions());
    }

    @Test
    void aPeerWithoutSackIsNotProbed() {
        HandPeer plain = HandPeer.plain();
        plain.produce(5 * 1460);
        plain.sent.clear();
        plain.pass(RTO - MS);
        assertTrue(plain.sent.isEmpty());
    }

    @Test
    void aTimeoutThatWasAMistakeIsTakenBack() {
        peer.produce(100 * MSS);
        int echo = peer.sent.getLast().tsVal();
        long before = connection.cwndBytes();
        long end = connection.sndNxt();
        peer.pass(200 * MS);
        assertTrue(peer.count(Counter.TCP_TIMEOUT) > 0);
        peer.sent.clear();
        peer.arrives(ack(at(2)).timestamps(50).echo(echo));
        assertEquals(1, peer.count(Counter.TCP_RECOVERY_UNDONE));
        assertTrue(connection.cwndBytes() >= before);
        assertTrue(peer.sent.stream().allMatch(sent -> sent.seq() >= end), "old bytes were sent again: " + peer.sent);
    }

    @Test
    void aTimeoutThatWasNoMistakeStands() {
        send(10);
        peer.pass(200 * MS);
        int echo = peer.sent.getLast().tsVal();
        peer.sent.clear();
        peer.arrives(ack(at(1)).timestamps(50).echo(echo));
        assertEquals(0, peer.count(Counter.TCP_RECOVERY_UNDONE));
        assertEquals(at(1), peer.next().seq());
    }

    @Test
    void withoutTimestampsNothingIsTakenBack() {
        HandPeer bare = new HandPeer().handshake(new Segment().mss(1460).sackPermitted());
        bare.produce(10 * 1460);
        bare.pass(200 * MS);
        bare.arrives(ack(10 * 1460));
        assertEquals(0, bare.count(Counter.TCP_RECOVERY_UNDONE));
    }
}
