package wireleap.tun.dns;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import wireleap.tun.upstream.SimLink;
import wireleap.tun.upstream.SimServer;

/** A server of the simulated network that is asked by TCP; fields are set before it is asked. */
public final class Nameserver {
    /** What it has been asked, over all connections. */
    public final List<byte[]> queries = new ArrayList<>();
    public int connections;
    /** Its connections, those included that are over. */
    public final List<SimLink> links = new ArrayList<>();
    /** How many were closed or reset by the client. */
    public int ended;
    public int resets;
    /** Of each answer's data. */
    public int dataBytes = 4;
    /** Answers are held until so many are due on a connection, then given last first. */
    public int reversesBy = 1;
    /** It closes a connection on which it has answered so many. */
    public int closesAfter = Integer.MAX_VALUE;
    /** It closes every connection as soon as it stands. */
    public boolean closesAtOnce;
    /** It answers nothing on its first so many connections. */
    public int silentConnections;
    /** It is silent about the first so many queries. */
    public int silentQueries;

    /** The handler of the next connection. */
    public SimServer connection() {
        connections++;
        return new Connection(connections > silentConnections);
    }

    /** The answer that it gives to a query. */
    public byte[] answerTo(byte[] query) {
        return Messages.answer(query, dataBytes);
    }

    private final class Connection implements SimServer {
        private final boolean speaks;
        private final ByteArrayOutputStream input = new ByteArrayOutputStream();
        private final List<byte[]> due = new ArrayList<>();
        private int answered;

        private Connection(boolean speaks) {
            this.speaks = speaks;
        }

        @Override
        public void onOpen(SimLink link) {
            links.add(link);
            if (closesAtOnce) {
                link.serverFinish();
            }
        }

        @Override
        public void onBytes(SimLink link, byte[] bytes) {
            input.writeBytes(bytes);
            byte[] all = input.toByteArray();
            int at = 0;
            while (all.length - at >= 2 && all.length - at >= 2 + Messages.u16(all, at)) {
                int length = Messages.u16(all, at);
                onQuery(link, Arrays.copyOfRange(all, at + 2, at + 2 + length));
                at += 2 + length;
            }
            input.reset();
            input.write(all, at, all.length - at);
        }

        private void onQuery(SimLink link, byte[] query) {
            queries.add(query);
            if (!speaks || queries.size() <= silentQueries || answered >= closesAfter) {
                return;
            }
            due.addFirst(answerTo(query));
            if (due.size() < reversesBy) {
                return;
            }
            for (byte[] answer : due) {
                link.serverSend(Messages.framed(answer));
                if (++answered >= closesAfter) {
                    link.serverFinish();
                    return;
                }
            }
            due.clear();
        }

        @Override
        public void onEnd(SimLink link) {
            ended++;
            link.serverFinish();
        }

        @Override
        public void onReset(SimLink link) {
            resets++;
        }
    }

    /** A name of its own for each number, of many lengths. */
    public static String name(int number) {
        String label = "x".repeat(new Random(number).nextInt(50));
        return "n" + number + label + ".example";
    }
}
