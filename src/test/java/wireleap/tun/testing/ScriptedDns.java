package wireleap.tun.testing;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicInteger;
import wireleap.tun.demo.Socks5Wire;
import wireleap.tun.demo.TcpListener;
import wireleap.tun.dns.Messages;

/** A resolver that is asked by TCP and has its ways of answering; to each query it has an answer. */
public final class ScriptedDns implements AutoCloseable {
    /** What it does with a connection. */
    public enum Manner {
        /** Answers one query after the other. */
        DILIGENT,
        /** Lets ten queries come in and answers the last one first. */
        REVERSED,
        /** Answers one query and closes. */
        CURT,
        /** Takes queries and says nothing. */
        SILENT,
        /** Is silent on its first connection, diligent on all others. */
        SILENT_AT_FIRST
    }

    private static final int FIRST_SERVER = 10;
    private static final int REVERSED_QUERIES = 10;
    /** Of the data in its answers. */
    public static final int ANSWER_BYTES = 100;

    private final Manner manner;
    private final TcpListener listener;
    private final AtomicInteger connections = new AtomicInteger();

    private ScriptedDns(InetSocketAddress at, Manner manner) throws IOException {
        this.manner = manner;
        listener = TcpListener.open(at, this::serve);
    }

    /** Listens outside at port 53 of one of the servers' addresses, another one for each manner. */
    public static ScriptedDns open(TestNet net, Manner manner) throws IOException, InterruptedException {
        var at = new InetSocketAddress(Family.IPV4.server(FIRST_SERVER + manner.ordinal()), 53);
        return net.outside().call(() -> new ScriptedDns(at, manner));
    }

    /** Where it listens. */
    public InetSocketAddress address() throws IOException {
        return listener.address();
    }

    /** Connections that it has had. */
    public int connections() {
        return connections.get();
    }

    private void serve(SocketChannel client) throws IOException {
        boolean first = connections.incrementAndGet() == 1;
        boolean silent = manner == Manner.SILENT || manner == Manner.SILENT_AT_FIRST && first;
        int together = manner == Manner.REVERSED ? REVERSED_QUERIES : 1;
        var due = new ArrayDeque<byte[]>();
        try {
            while (true) {
                var query = new byte[Socks5Wire.exactly(client, 2).getShort() & 0xffff];
                Socks5Wire.exactly(client, query.length).get(query);
                due.push(query);
                while (!silent && due.size() >= together) {
                    for (byte[] asked : due) {
                        Socks5Wire.fully(client, ByteBuffer.wrap(
                                Messages.framed(Messages.answer(asked, ANSWER_BYTES))));
                    }
                    due.clear();
                    if (manner == Manner.CURT) {
                        return;
                    }
                }
            }
        } catch (EOFException e) {
            // the client has closed
        }
    }

    @Override
    public void close() {
        listener.close();
    }
}
