package wireleap.tun.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import wireleap.tun.mem.Counters;
import wireleap.tun.os.Errno;
import wireleap.tun.upstream.DatagramLink;
import wireleap.tun.upstream.DatagramMeta;
import wireleap.tun.upstream.SocketError;

class PacketLinkTest {
    private final SimSockets sockets = new SimSockets();
    private final SocketLinks links = new SocketLinks(sockets, new SimPoller(), new Counters());
    private final MemorySegment memory = Arena.ofAuto().allocate(16);
    private final DatagramMeta meta = new DatagramMeta();
    private final DatagramLink link = links.datagrams(false, (events, nowNanos) -> { });

    private int send() {
        return link.send(0, 1, 2, memory, 0, 3, memory, 3, 5);
    }

    @Test
    void headAndBodyAreOneDatagram() {
        assertEquals(8, send());
        assertEquals(1, sockets.sends);
    }

    @Test
    void anErrorThatAnEarlierDatagramLeftIsNotThisOnes() {
        sockets.sendResult = -Errno.ECONNREFUSED.number();
        sockets.sendResultTimes = 1;
        assertEquals(8, send());
    }

    @Test
    void anErrorThatStaysIsThisOnes() {
        sockets.sendResult = -Errno.ENETUNREACH.number();
        assertEquals(SocketError.NET_UNREACHABLE, send());
    }

    @ParameterizedTest
    @EnumSource(names = {"EAGAIN", "EMSGSIZE"})
    void whatCanOnlyBeThisOnesIsNotTriedAgain(Errno errno) {
        sockets.sendResult = -errno.number();
        send();
        assertEquals(1, sockets.sends);
    }

    @Test
    void whoSentADatagramIsTold() {
        sockets.recvResult = 7;
        assertEquals(7, link.recv(meta, memory, 9, 7));
        assertEquals(LoopClient.TARGET, meta.lo());
        assertEquals(LoopClient.TARGET_PORT, meta.port());
        assertEquals(9, meta.offset());
    }

    @Test
    void anEmptyDatagramIsOne() {
        sockets.recvResult = 0;
        assertEquals(0, link.recv(meta, memory, 0, 16));
    }

    @Test
    void whatCameToNothingIsToldWithItsTarget() {
        sockets.undeliveredResult = -Errno.ECONNREFUSED.number();
        assertEquals(SocketError.REFUSED, link.unreachable(meta));
        assertEquals(LoopClient.TARGET, meta.lo());
    }

    @Test
    void aSocketThatCannotBeMadeSaysWhyAndIsClosedLikeAnyOther() {
        sockets.openError = -Errno.EADDRINUSE.number();
        var none = links.connectedDatagrams(0, 1, 2, (events, nowNanos) -> { });
        assertEquals(SocketError.NO_PORTS, none.openResult());
        assertEquals(SocketError.NO_PORTS, none.recv(meta, memory, 0, 16));
        assertEquals(SocketError.AGAIN, none.unreachable(meta));
        none.close();
        assertEquals(1, sockets.open.size());
    }

    private int sendTrain() {
        return link.sendTrain(0, 1, 2, memory, 0, 10, 4);
    }

    @Test
    void aTrainIsOneCall() {
        assertEquals(10, sendTrain());
        assertEquals(1, sockets.sends);
    }

    @ParameterizedTest
    @EnumSource(names = {"EINVAL", "EIO", "EMSGSIZE", "ECONNREFUSED"})
    void whatTheKernelDoesNotSendInOneGoIsSentOneByOne(Errno errno) {
        sockets.trainResult = -errno.number();
        assertEquals(10, sendTrain());
        assertEquals(3, sockets.sends);
        assertEquals(10, sockets.sentBytes);
    }

    @Test
    void aTrainForWhichThereIsNoRoomIsNotTriedOneByOne() {
        sockets.trainResult = SimSockets.EAGAIN;
        assertEquals(SocketError.AGAIN, sendTrain());
        assertEquals(0, sockets.sends);
    }

    @Test
    void ofATrainSentOneByOneTheFirstErrorIsTold() {
        sockets.trainResult = -Errno.EMSGSIZE.number();
        sockets.sendResult = -Errno.EMSGSIZE.number();
        assertEquals(SocketError.MESSAGE_SIZE, sendTrain());
    }

    @Test
    void ofATrainSentOneByOneThoseBeforeTheErrorAreTold() {
        sockets.trainResult = -Errno.EIO.number();
        sockets.sendsBefore = 2;
        sockets.sendResult = SimSockets.EAGAIN;
        assertEquals(8, sendTrain());
    }

    @Test
    void theKernelIsToldOfFragmentsOnlyWhenThatChanges() {
        for (boolean allowed : new boolean[] {true, true, false, false, true}) {
            link.mayFragment(allowed);
        }
        assertEquals(3, sockets.fragmentOptions);
    }

    @Test
    void severalDatagramsInOneGoAreTold() {
        sockets.recvResult = 16;
        sockets.segmentBytes = 6;
        link.recv(meta, memory, 0, 16);
        assertEquals(6, meta.segmentBytes());
    }

    @Test
    void whatTheWayAllowsIsTold() {
        sockets.undeliveredResult = -Errno.EMSGSIZE.number();
        sockets.mtu = 1400;
        assertEquals(SocketError.MESSAGE_SIZE, link.unreachable(meta));
        assertEquals(1400, meta.mtu());
    }

    @Test
    void closeCloses() {
        assertEquals(0, link.openResult());
        link.close();
        assertTrue(sockets.open.isEmpty());
    }
}
