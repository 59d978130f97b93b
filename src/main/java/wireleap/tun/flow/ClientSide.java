package wireleap.tun.flow;

import java.lang.foreign.MemorySegment;
import wireleap.tun.tcp.TcpOutput;
import wireleap.tun.tcp.TcpSource;
import wireleap.tun.wire.IpWriter;

/** What the connection of a {@link TcpFlow} sends: bytes of its down direction, in packets from target to client. */
final class ClientSide implements TcpSource, TcpOutput {
    private final TcpFlow flow;
    private final SegmentOutput output;

    ClientSide(TcpFlow flow, SegmentOutput output) {
        this.flow = flow;
        this.output = output;
    }

    @Override
    public int prepare(long position, int maxBytes) {
        return flow.down().prepare(position, maxBytes);
    }

    @Override
    public boolean mayFollow(long position) {
        return flow.down().mayFollow(position);
    }

    @Override
    public boolean endsAt(long position) {
        return flow.down().endsAt(position);
    }

    @Override
    public void release(long position) {
        flow.down().release(position);
    }

    @Override
    public MemorySegment headers() {
        return output.headers();
    }

    @Override
    public long tcpOffset() {
        return output.begin(flow.targetHi(), flow.targetLo(), flow.clientHi(), flow.clientLo());
    }

    @Override
    public void transmit(int tcpHeaderBytes, int payloadBytes, int mss) {
        DownDirection down = flow.down();
        int first = payloadBytes == 0 ? 0 : down.preparedContiguous(payloadBytes);
        int second = payloadBytes - first;
        output.send(tcpHeaderBytes, mss, down.memory(), first == 0 ? 0 : down.preparedOffset(0), first,
                second == 0 ? 0 : down.preparedOffset(first), second);
    }

    @Override
    public int mss() {
        return output.mss(isIpv4());
    }

    @Override
    public int maxSegmentBytes() {
        return output.maxSegmentBytes(isIpv4());
    }

    private boolean isIpv4() {
        return IpWriter.isIpv4(flow.clientHi(), flow.clientLo());
    }
}
