package wireleap.tun.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wireleap.tun.tcp.HandPeer.FIN_ACK;
import static wireleap.tun.tcp.HandPeer.MS;
import static wireleap.tun.wire.TcpHeader.ACK;
import static wireleap.tun.wire.TcpHeader.CWR;
import static wireleap.tun.wire.TcpHeader.ECE;
import static wireleap.tun.wire.TcpHeader.URG;

import java.util.List;
import org.junit.jupiter.api.Test;
import wireleap.tun.mem.Counter;
import wireleap.tun.tcp.HandPeer.Segment;
import wireleap.tun.tcp.HandPeer.Sent;

class ReceiveTest {
    private final HandPeer peer = HandPeer.established();
    private final TcpConnection connection = peer.connection;

    @Test
    void bytesInOrderAreDelivered() {
        peer.data(0, 100);
        peer.data(100, 50);
        assertEquals(List.of("deliver 0-100", "deliver 100-150"), peer.sinkCalls);
    }

    @Test
    void whatTheSinkDoesNotTakeCountsAsNeverReceived() {
        peer.takes = 60;
        peer.data(0, 100);
        assertEquals(60, peer.only().ack());
        assertEquals(40, peer.count(Counter.DROP_TCP_BYTES_REFUSED));
        peer.takes = 1000;
        peer.data(0, 100);
        assertEquals("deliver 60-100", peer.sinkCalls.getLast());
    }

    @Test
    void bytesOutOfOrderAreStoredAndReportedAtOnce() {
        peer.comes(new Segment().seq(1000).payload(500));
        Sent ack = peer.only();
        assertEquals(0, ack.ack());
        assertEquals(List.of("1000-1500"), ack.sacks());
        assertEquals(List.of("store 1000-1500"), peer.sinkCalls);
    }

    @Test
    void theBlockThatCameLastIsReportedFirst() {
        peer.data(1000, 100);
        peer.data(3000, 100);
        peer.data(2000, 100);
        assertEquals(List.of("2000-2100", "3000-3100", "1000-1100"), peer.sent.getLast().sacks());
    }

    @Test
    void aDuplicateOutOfOrderIsReportedFirstAgain() {
        peer.data(1000, 100);
        peer.data(3000, 100);
        peer.data(1000, 100);
        List<String> blocks = peer.sent.getLast().sacks();
        assertEquals(List.of("1000-1100", "1000-1100", "3000-3100"), blocks, "first as a duplicate");
        assertEquals(2, peer.sinkCalls.size(), "stored once");
    }

    @Test
    void whatComesTwiceInOrderIsReportedOnce() {
        peer.data(0, 1000);
        peer.data(200, 300);
        assertEquals(List.of("200-500"), peer.sent.getLast().sacks());
        peer.arrives(new Segment().seq(999));
        peer.data(1000, 100);
        peer.data(1100, 100);
        assertEquals(List.of(), peer.sent.getLast().sacks());
    }

    @Test
    void theDuplicatePartOfASegmentIsReported() {
        peer.data(0, 1000);
        peer.data(900, 300);
        peer.data(1200, 300);
        assertTrue(peer.sent.stream().anyMatch(sent -> sent.sacks().equals(List.of("900-1000"))), peer.sent.toString());
    }

    @Test
    void bytesThatCameBeforeAreCounted() {
        peer.data(0, 1000);
        peer.data(900, 300);
        peer.data(3000, 50);
        peer.data(3000, 50);
        assertEquals(100 + 50, peer.count(Counter.DROP_TCP_BYTES_DUPLICATE));
    }

    @Test
    void duplicatesOfATurnThatTouchAreReportedAsOne() {
        peer.data(0, 3000);
        peer.sent.clear();
        peer.comes(new Segment().seq(0).payload(1000));
        peer.data(1000, 1000);
        assertEquals(List.of("0-2000"), peer.only().sacks());
    }

    @Test
    void aDuplicateIsReportedBesideTwoBlocksAtTheMost() {
        for (int at = 1000; at <= 4000; at += 1000) {
            peer.data(at, 100);
        }
        peer.data(2000, 100);
        assertEquals(List.of("2000-2100", "2000-2100", "4000-4100"), peer.sent.getLast().sacks());
    }

    @Test
    void aPeerWithoutSackHearsOfNoDuplicates() {
        HandPeer plain = HandPeer.plain();
        plain.data(0, 1000);
        plain.data(0, 1000);
        assertEquals(List.of(), plain.sent.getLast().sacks());
    }

    @Test
    void blocksThatTouchBecomeOne() {
        peer.data(1000, 100);
        peer.data(1200, 100);
        peer.data(1100, 100);
        assertEquals(List.of("1000-1300"), peer.sent.getLast().sacks());
    }

    @Test
    void aFilledGapAdvancesOverWhatWasStored() {
        peer.data(100, 100);
        peer.sent.clear();
        peer.data(0, 100);
        assertEquals(List.of("store 100-200", "deliver 0-100", "advance 200"), peer.sinkCalls);
        Sent ack = peer.only();
        assertEquals(200, ack.ack());
        assertEquals(List.of(), ack.sacks());
    }

    @Test
    void bytesThatTheSinkCannotStoreAreNotReported() {
        peer.keeps = false;
        peer.data(100, 100);
        assertEquals(List.of(), peer.only().sacks());
        assertEquals(1, peer.count(Counter.DROP_TCP_OUT_OF_ORDER));
    }

    @Test
    void aPeerWithoutSackGetsNoBlocks() {
        HandPeer plain = HandPeer.plain();
        plain.data(100, 100);
        assertEquals(20, plain.only().header().length);
    }

    @Test
    void oldBytesAreCutOffAndAcknowledgedAtOnce() {
        peer.data(0, 100);
        peer.data(100, 100);
        peer.sent.clear();
        peer.data(0, 100);
        assertEquals(200, peer.only().ack());
        peer.data(150, 100);
        assertEquals("deliver 200-250", peer.sinkCalls.getLast());
    }

    @Test
    void bytesBeyondTheWindowAreCutOff() {
        HandPeer small = new HandPeer();
        small.limit = 1000;
        small.handshake(new Segment().mss(1460));
        small.data(0, 1200);
        assertEquals(List.of("deliver 0-1000"), small.sinkCalls);
        assertEquals(200, small.count(Counter.DROP_TCP_BYTES_BEYOND_WINDOW));
    }

    @Test
    void aSegmentBeyondTheWindowIsAcknowledgedAndDropped() {
        peer.data(10 << 20, 100);
        assertEquals(0, peer.only().ack());
        assertEquals(1, peer.count(Counter.DROP_TCP_SEQUENCE));
        assertTrue(peer.sinkCalls.isEmpty());
    }

    @Test
    void aLoneSegmentIsAcknowledgedAfterADelay() {
        peer.data(0, 100);
        assertTrue(peer.sent.isEmpty());
        peer.pass(5 * MS);
        assertEquals(100, peer.only().ack());
    }

    @Test
    void twoSegmentsAreAcknowledgedByTheEndOfTheTurn() {
        peer.comes(new Segment().seq(0).payload(1448));
        peer.comes(new Segment().seq(1448).payload(1448));
        assertTrue(peer.sent.isEmpty());
        connection.endOfTurn(peer.now);
        assertEquals(2896, peer.only().ack());
    }

    @Test
    void aSuperSegmentCountsAsManySegments() {
        peer.data(0, 60_000);
        assertEquals(60_000, peer.only().ack());
    }

    @Test
    void sixteenSuperSegmentsOfATurnGetOneAck() {
        peer.data(0, 60_000); // its ACK tells the window that the handshake's field is too small for
        peer.sent.clear();
        for (int i = 1; i <= 16; i++) {
            peer.comes(new Segment().seq(i * 60_000).payload(60_000));
        }
        connection.endOfTurn(peer.now);
        assertEquals(17 * 60_000, peer.only().ack());
    }

    @Test
    void dataCarriesTheAcknowledgment() {
        peer.data(0, 100);
        peer.produce(200);
        Sent data = peer.only();
        assertEquals(200, data.payload());
        assertEquals(100, data.ack());
        peer.pass(20 * MS);
        assertTrue(peer.sent.isEmpty());
    }

    @Test
    void afterALoneSegmentHasWaitedInVainTheNextDoesNotWait() {
        peer.data(0, 100);
        peer.pass(5 * MS);
        peer.sent.clear();
        peer.data(100, 100);
        assertEquals(200, peer.only().ack());
    }

    @Test
    void anAckAloneIsNotAcknowledged() {
        peer.arrives(new Segment());
        peer.pass(1000 * MS);
        assertTrue(peer.sent.isEmpty());
    }

    @Test
    void aFinIsAcknowledgedAtOnceAndEndsTheSink() {
        peer.arrives(new Segment().flags(FIN_ACK).payload(10));
        assertTrue(peer.finished);
        assertEquals(11, peer.only().ack());
        assertEquals(TcpState.CLOSE_WAIT, connection.state());
    }

    @Test
    void aFinThatComesTooEarlyIsTakenInItsTurn() {
        peer.arrives(new Segment().seq(100).flags(FIN_ACK).payload(100));
        assertFalse(peer.finished);
        assertEquals(List.of("100-201"), peer.only().sacks(), "the block covers the FIN");
        peer.data(0, 100);
        assertTrue(peer.finished);
        assertEquals(201, peer.only().ack());
    }

    @Test
    void aFinWhoseDataWasNotAllTakenIsNotTaken() {
        peer.takes = 60;
        peer.arrives(new Segment().flags(FIN_ACK).payload(100));
        assertFalse(peer.finished);
        assertEquals(60, peer.only().ack());
        assertEquals(TcpState.ESTABLISHED, connection.state());
    }

    @Test
    void bytesBeyondAFinAreIgnored() {
        peer.arrives(new Segment().seq(100).flags(FIN_ACK));
        peer.data(0, 200);
        assertEquals(100, peer.received);
        assertTrue(peer.finished);
    }

    @Test
    void aSecondFinElsewhereIsIgnored() {
        peer.arrives(new Segment().seq(100).flags(FIN_ACK));
        peer.arrives(new Segment().seq(50).flags(FIN_ACK));
        peer.data(0, 50);
        assertFalse(peer.finished);
    }

    @Test
    void aFinEntersAClosedWindow() {
        HandPeer closed = new HandPeer();
        closed.limit = 0;
        closed.handshake(new Segment().mss(1460));
        closed.arrives(new Segment().flags(FIN_ACK));
        assertTrue(closed.finished);
    }

    @Test
    void urgentDataIsData() {
        peer.arrives(new Segment().flags(ACK | URG).payload(10));
        assertEquals(10, peer.received);
    }

    @Test
    void ecnBitsOfASegmentChangeNothing() {
        peer.arrives(new Segment().flags(ACK | ECE | CWR).payload(3000));
        assertEquals(3000, peer.received);
        assertEquals(ACK, peer.only().flags());
        peer.produce(100_000);
        long cwnd = connection.cwndBytes();
        peer.arrives(new Segment().seq(3000).ack(connection.sndNxt()).flags(ACK | ECE));
        assertTrue(connection.cwndBytes() > cwnd, "not agreed on, so no reason to slow down");
    }

    @Test
    void aSegmentWithoutAckIsDropped() {
        peer.arrives(new Segment().flags(0).payload(10));
        assertTrue(peer.sinkCalls.isEmpty());
    }
}
