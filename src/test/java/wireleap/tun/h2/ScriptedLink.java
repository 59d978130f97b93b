package wireleap.tun.h2;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import wireleap.tun.testing.UnpeekedLink;
import wireleap.tun.upstream.DatagramLink;
import wireleap.tun.upstream.Link;
import wireleap.tun.upstream.LinkOwner;
import wireleap.tun.upstream.Links;
import wireleap.tun.upstream.SocketError;

/** A link that is connected at once, takes everything, and gives the bytes that a test says; it allocates nothing. */
final class ScriptedLink implements Links, UnpeekedLink {
    LinkOwner owner;
    long sent;
    /** What is received at a time at the most. */
    int most = Integer.MAX_VALUE;
    /** Below 0: what sending answers, and receiving when all is received. */
    int error;
    private byte[] script = {};
    private int given;

    /** What is received next. */
    void script(byte[] bytes) {
        script = bytes;
        given = 0;
    }

    /** What was not received yet, in bytes. */
    int left() {
        return script.length - given;
    }

    @Override
    public Link connect(long hi, long lo, int port, LinkOwner owner) {
        this.owner = owner;
        return this;
    }

    @Override
    public DatagramLink datagrams(boolean v6, LinkOwner owner) {
        throw new AssertionError("a broker is a stream");
    }

    @Override
    public DatagramLink connectedDatagrams(long hi, long lo, int port, LinkOwner owner) {
        throw new AssertionError("a broker is a stream");
    }

    @Override
    public int connectResult() {
        return 0;
    }

    @Override
    public int send(MemorySegment memory, long offset, int length) {
        sent += error == 0 ? length : 0;
        return error == 0 ? length : error;
    }

    @Override
    public int recv(MemorySegment memory, long offset, int length) {
        int came = Math.min(Math.min(length, most), script.length - given);
        MemorySegment.copy(script, given, memory, JAVA_BYTE, offset, came);
        given += came;
        return came > 0 ? came : error == 0 ? SocketError.AGAIN : error;
    }

    @Override
    public void passTo(LinkOwner owner) {
        this.owner = owner;
    }

    @Override
    public void shutdownWrite() {
    }

    @Override
    public void reset() {
    }

    @Override
    public void close() {
    }
}
