package wireleap.tun.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wireleap.tun.tcp.HandPeer.MS;
import static wireleap.tun.tcp.HandPeer.RST_ACK;
import static wireleap.tun.tcp.HandPeer.SYN_ACK;
import static wireleap.tun.wire.TcpHeader.ACK;
import static wireleap.tun.wire.TcpHeader.RST;
import static wireleap.tun.wire.TcpHeader.SYN;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import wireleap.tun.mem.Counter;
import wireleap.tun.tcp.HandPeer.Segment;
import wireleap.tun.tcp.HandPeer.Sent;

class HandshakeTest {
    private final HandPeer peer = new HandPeer();
    private final TcpConnection connection = peer.connection;

    @Test
    void aSynIsNotAnsweredBeforeAccept() {
        connection.openPassive(peer.syn(-1), HandPeer.ISS, peer.now);
        connection.endOfTurn(peer.now);
        assertTrue(peer.sent.isEmpty());
        assertEquals(TcpState.DIALLING, connection.state());
        assertEquals(TcpConnection.NO_DEADLINE, connection.deadlineNanos());
    }

    @Test
    void acceptSendsASynAckWithTheOptionsOfBothSides() {
        peer.handshakeUpToSynAck(new Segment().mss(1400).scale(7).timestamps(77).sackPermitted());
        // port 443 to 40000, seq -500, ack -2, 44 bytes, SYN ACK, window 65535; MSS 1460, SACK,
        // timestamps 500 (1000 ms and ISS) and 77, scale 5
        assertEquals("01bb9c40" + "fffffe0c" + "fffffffe" + "b012ffff" + "00000000" + "020405b4" + "01010402"
                + "0101080a" + "000001f4" + "0000004d" + "01030305", HexFormat.of().formatHex(peer.only().header()));
    }

    @Test
    void optionsThatThePeerDidNotOfferAreNotInTheSynAck() {
        peer.handshakeUpToSynAck(new Segment().mss(1400));
        assertEquals("01bb9c40" + "fffffe0c" + "fffffffe" + "6012ffff" + "00000000" + "020405b4",
                HexFormat.of().formatHex(peer.only().header()));
    }

    @Test
    void theWindowOfASynAckIsNotBeyondTheLimit() {
        peer.limit = 1000;
        peer.handshakeUpToSynAck(new Segment().mss(1400));
        assertEquals(1000, peer.only().window());
    }

    @Test
    void refuseAnswersTheSynByAReset() {
        connection.openPassive(peer.syn(-1), HandPeer.ISS, peer.now);
        connection.refuse(peer.now);
        Sent reset = peer.only();
        assertEquals(RST_ACK, reset.flags());
        assertEquals(0, reset.ack());
        assertEquals(0, reset.seq() + HandPeer.ISS + 1, "sequence number 0");
        assertEquals(TcpEnd.ABORTED, connection.end());
    }

    @Test
    void forgetSendsNothing() {
        connection.openPassive(peer.syn(-1), HandPeer.ISS, peer.now);
        connection.forget();
        assertTrue(peer.sent.isEmpty());
        assertTrue(connection.closed());
    }

    @Test
    void aRepeatedSynIsAbsorbedWhileDialling() {
        connection.openPassive(peer.syn(-1), HandPeer.ISS, peer.now);
        peer.arrives(new Segment().flags(SYN).seq(-1));
        assertTrue(peer.sent.isEmpty());
    }

    @Test
    void aNewSynTakesThePlaceOfTheOneThatIsDialling() {
        connection.openPassive(peer.syn(-1), HandPeer.ISS, peer.now);
        peer.arrives(new Segment().flags(SYN).seq(99_999).mss(1460));
        connection.accept(peer.now);
        assertEquals(100_000, peer.only().ack());
    }

    @Test
    void aResetEndsDialling() {
        connection.openPassive(peer.syn(-1), HandPeer.ISS, peer.now);
        peer.arrives(new Segment().flags(RST).seq(0));
        assertEquals(TcpEnd.RESET_BY_PEER, connection.end());
    }

    @Test
    void aResetOutOfPlaceDoesNotEndDialling() {
        connection.openPassive(peer.syn(-1), HandPeer.ISS, peer.now);
        peer.arrives(new Segment().flags(RST).seq(1));
        assertEquals(TcpState.DIALLING, connection.state());
    }

    @Test
    void anAckWhileDiallingGetsAReset() {
        connection.openPassive(peer.syn(-1), HandPeer.ISS, peer.now);
        peer.arrives(new Segment().seq(0).ack(5));
        Sent reset = peer.only();
        assertEquals(RST, reset.flags());
        assertEquals(5, reset.seq());
    }

    @Test
    void aRepeatedSynIsAnsweredByTheSynAckAgain() {
        peer.handshakeUpToSynAck(new Segment().mss(1460));
        Sent first = peer.only();
        peer.arrives(new Segment().flags(SYN).seq(-1).mss(1460));
        assertEquals(HexFormat.of().formatHex(first.header()), HexFormat.of().formatHex(peer.only().header()));
    }

    @Test
    void theSynAckIsSentAgainAfter300MillisecondsThen600() {
        peer.handshakeUpToSynAck(new Segment().mss(1460));
        peer.sent.clear();
        peer.pass(299 * MS);
        assertEquals(0, peer.sent.size());
        peer.pass(MS);
        assertEquals(SYN_ACK, peer.only().flags());
        peer.pass(599 * MS);
        assertEquals(0, peer.sent.size());
        peer.pass(MS);
        assertEquals(SYN_ACK, peer.only().flags());
        assertEquals(2, peer.count(Counter.TCP_RETRANSMIT_SYN));
    }

    @Test
    void afterALostSynAckTheEchoTellsTheRoundTrip() {
        peer.handshakeUpToSynAck(new Segment().mss(1460).timestamps(1));
        peer.pass(300 * MS);
        int stamp = peer.sent.getLast().tsVal();
        peer.pass(3 * MS);
        peer.arrives(new Segment().ack(0).timestamps(2).echo(stamp));
        assertEquals(3 * MS, connection.rttNanos(), MS);
    }

    @Test
    void aSynAckThatNobodyAcknowledgesIsGivenUp() {
        peer.handshakeUpToSynAck(new Segment().mss(1460));
        peer.pass(200_000 * MS);
        assertEquals(TcpEnd.TIMED_OUT, connection.end());
        assertEquals(RST_ACK, peer.sent.getLast().flags());
    }

    @Test
    void synReceivedWithBadAckSendsReset() {
        peer.handshakeUpToSynAck(new Segment().mss(1460));
        peer.sent.clear();
        peer.arrives(new Segment().ack(1));
        Sent reset = peer.only();
        assertEquals(RST, reset.flags());
        assertEquals(1, reset.seq());
        assertEquals(TcpState.SYN_RECEIVED, connection.state());
    }

    @Test
    void theAckMayCarryData() {
        peer.handshakeUpToSynAck(new Segment().mss(1460));
        peer.arrives(new Segment().ack(0).payload(10));
        assertEquals(TcpState.ESTABLISHED, connection.state());
        assertEquals(10, peer.received);
    }

    @Test
    void theAckMayCarryAFin() {
        peer.handshakeUpToSynAck(new Segment().mss(1460));
        peer.arrives(new Segment().ack(0).flags(HandPeer.FIN_ACK));
        assertEquals(TcpState.CLOSE_WAIT, connection.state());
        assertTrue(peer.finished);
    }

    @Test
    void dataOfASynIsNotAcknowledged() {
        peer.handshakeUpToSynAck(new Segment().mss(1460).payload(100));
        assertEquals(0, peer.only().ack());
        assertEquals(0, peer.received);
    }

    @Test
    void ecnBitsOfASynAreNotEchoed() {
        peer.handshakeUpToSynAck(new Segment().mss(1460), SYN | 0xc0);
        assertEquals(SYN_ACK, peer.only().flags());
    }

    @Test
    void bytesOfTheUpstreamWaitForTheHandshake() {
        peer.produced = 100;
        peer.handshakeUpToSynAck(new Segment().mss(1460));
        assertEquals(SYN_ACK, peer.only().flags());
        connection.endOfTurn(peer.now);
        assertTrue(peer.sent.isEmpty());
        peer.arrives(new Segment().ack(0));
        assertEquals(100, peer.only().payload());
    }

    @Test
    void aMissingMssMeans536() {
        peer.handshake(new Segment());
        peer.produce(10_000);
        assertEquals(536, peer.next().mss());
    }

    @Test
    void anMssBelow88Means88() {
        peer.handshake(new Segment().mss(1));
        peer.produce(10_000);
        assertEquals(88, peer.next().mss());
    }

    @Test
    void timestampsAreDeductedFromTheMss() {
        peer.handshake(new Segment().mss(1400).timestamps(5));
        peer.produce(10_000);
        assertEquals(1388, peer.next().mss());
    }

    @Test
    void aSmallerMssOfOurOwnHolds() {
        peer.mss = 1240;
        peer.handshake(new Segment().mss(1460));
        peer.produce(10_000);
        assertEquals(1240, peer.next().mss());
    }

    @Test
    void aScaleAbove14Means14() {
        peer.handshake(new Segment().mss(1460).scale(200));
        peer.arrives(new Segment().ack(0).window(2));
        assertEquals(2 << 14, connection.sndWindowEdge());
    }

    @Test
    void activeOpenSendsASynWithAllOptions() {
        connection.openActive(443, 40_000, HandPeer.ISS, peer.now);
        // seq -500, 44 bytes, SYN, window 65535
        assertEquals("01bb9c40" + "fffffe0c" + "00000000" + "b002ffff" + "00000000" + "020405b4" + "01010402"
                + "0101080a" + "000001f4" + "00000000" + "01030305", HexFormat.of().formatHex(peer.only().header()));
    }

    @Test
    void aSynAckEstablishesAnActiveOpen() {
        connection.openActive(443, 40_000, HandPeer.ISS, peer.now);
        peer.sent.clear();
        peer.arrives(new Segment().flags(SYN_ACK).seq(-1).ack(0).mss(1460));
        assertEquals(TcpState.ESTABLISHED, connection.state());
        Sent ack = peer.only();
        assertEquals(ACK, ack.flags());
        assertEquals(0, ack.ack());
    }

    @Test
    void aSynAckWithBadAckSendsReset() {
        connection.openActive(443, 40_000, HandPeer.ISS, peer.now);
        peer.sent.clear();
        peer.arrives(new Segment().flags(SYN_ACK).seq(-1).ack(1));
        assertEquals(RST, peer.only().flags());
        assertEquals(TcpState.SYN_SENT, connection.state());
    }

    @Test
    void aResetWithTheRightAckRefusesAnActiveOpen() {
        connection.openActive(443, 40_000, HandPeer.ISS, peer.now);
        peer.arrives(new Segment().flags(RST_ACK).seq(-1).ack(0));
        assertEquals(TcpEnd.RESET_BY_PEER, connection.end());
    }

    @Test
    void aResetWithoutAckDoesNotRefuseAnActiveOpen() {
        connection.openActive(443, 40_000, HandPeer.ISS, peer.now);
        peer.arrives(new Segment().flags(RST).seq(-1));
        assertEquals(TcpState.SYN_SENT, connection.state());
    }

    @Test
    void synsThatCrossEstablishBothSides() {
        connection.openActive(443, 40_000, HandPeer.ISS, peer.now);
        peer.sent.clear();
        peer.arrives(new Segment().flags(SYN).seq(-1).mss(1460));
        assertEquals(TcpState.SYN_RECEIVED, connection.state());
        assertEquals(SYN_ACK, peer.only().flags());
        peer.arrives(new Segment().flags(SYN_ACK).seq(-1).ack(0).mss(1460));
        assertEquals(TcpState.ESTABLISHED, connection.state());
    }

    @Test
    void aConnectionCanBeOpenedAgainAfterItsEnd() {
        peer.handshake(new Segment().mss(1460).scale(7).timestamps(9).sackPermitted());
        peer.data(0, 100);
        connection.abort(peer.now);
        peer.sent.clear();
        peer.received = 0;
        peer.handshake(new Segment().mss(1000));
        assertEquals(TcpEnd.NOT_YET, connection.end());
        peer.produce(5_000);
        assertEquals(1000, peer.next().mss());
    }
}
