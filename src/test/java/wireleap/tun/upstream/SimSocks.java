package wireleap.tun.upstream;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A SOCKS5 server of the simulated network, one connection of it, with all the manners and lack of them there are. */
public final class SimSocks implements SimServer {
    /** How the servers of a test behave; fields are set before it begins. */
    public static final class Manners {
        public int method = -1;
        public int version = 5;
        public int loginStatus;
        public int reply;
        /** Whether it knows UDP ASSOCIATE. */
        public boolean datagrams = true;
        public byte[] boundAddress = {1, 0, 0, 0, 0, 0, 0};
        /** Closes after so many bytes of its own. */
        public int closesAfter = Integer.MAX_VALUE;
        /** Resets instead of closing. */
        public boolean resets;
        /** Never says more than so many bytes, and stays. */
        public int fallsSilentAfter = Integer.MAX_VALUE;
        /** Closes, or resets, what has asked for nothing for so long after its greeting or login. */
        public long patienceNanos = Long.MAX_VALUE;
        /** Resets so many of those that ask for something. */
        public int requestsReset;
        /** Closes so many of those that ask for something. */
        public int requestsClosed;
        /** The connection that was made last. */
        public SimLink newest;
        /** Sends each byte by itself. */
        public boolean trickles;
        /** The stream's first bytes, sent together with the reply. */
        public byte[] glued = {};
        public String user = "";
        public String password = "";
        /** What the last request asked for. */
        public int command;
        public long hi;
        public long lo;
        public int port;
        public int connections;
        /** The control connection of the last association. */
        public SimLink control;
    }

    private enum Step { GREETING, LOGIN, REQUEST, DONE }

    private final Manners manners;
    private final ByteArrayOutputStream input = new ByteArrayOutputStream();
    private Step step = Step.GREETING;
    private int said;

    public SimSocks(Manners manners) {
        this.manners = manners;
        manners.connections++;
    }

    @Override
    public void onOpen(SimLink link) {
        manners.newest = link;
    }

    @Override
    public void onBytes(SimLink link, byte[] bytes) {
        input.writeBytes(bytes);
        boolean progress = true;
        while (progress && step != Step.DONE) {
            byte[] all = input.toByteArray();
            int used = switch (step) {
                case GREETING -> greeting(link, all);
                case LOGIN -> login(link, all);
                default -> request(link, all);
            };
            input.reset();
            input.write(all, used, all.length - used);
            progress = used > 0;
        }
        if (step == Step.DONE && input.size() > 0 && manners.command == 1) {
            throw new AssertionError("the client spoke before the reply, or the handler was not changed");
        }
    }

    private int greeting(SimLink link, byte[] in) {
        if (in.length < 2 || in.length < 2 + in[1]) {
            return 0;
        }
        boolean login = !manners.user.isEmpty();
        int method = manners.method >= 0 ? manners.method : login ? 2 : 0;
        boolean offered = false;
        for (int i = 0; i < in[1]; i++) {
            offered |= in[2 + i] == method;
        }
        step = method == 2 ? Step.LOGIN : Step.REQUEST;
        awaitRequest(link);
        say(link, new byte[] {(byte) manners.version, (byte) (offered || manners.method >= 0 ? method : 0xff)});
        return 2 + in[1];
    }

    private void awaitRequest(SimLink link) {
        if (manners.patienceNanos < Long.MAX_VALUE) {
            link.net().after(manners.patienceNanos, now -> {
                if (step != Step.DONE) {
                    end(link);
                }
            });
        }
    }

    private int login(SimLink link, byte[] in) {
        if (in.length < 2 || in.length < 3 + in[1] || in.length < 3 + in[1] + (in[2 + in[1]] & 0xff)) {
            return 0;
        }
        int userEnd = 2 + in[1];
        int end = userEnd + 1 + (in[userEnd] & 0xff);
        boolean right = new String(in, 2, in[1], StandardCharsets.UTF_8).equals(manners.user)
                && new String(in, userEnd + 1, end - userEnd - 1, StandardCharsets.UTF_8).equals(manners.password);
        step = Step.REQUEST;
        say(link, new byte[] {1, (byte) (right ? manners.loginStatus : 1)});
        return end;
    }

    private int request(SimLink link, byte[] in) {
        int length = in.length < 4 ? Integer.MAX_VALUE : in[3] == 1 ? 10 : 22;
        if (in.length < length) {
            return 0;
        }
        if (manners.requestsReset > 0) {
            manners.requestsReset--;
            step = Step.DONE;
            link.serverReset();
            return length;
        }
        if (manners.requestsClosed > 0) {
            manners.requestsClosed--;
            step = Step.DONE;
            link.serverFinish();
            return length;
        }
        ByteBuffer request = ByteBuffer.wrap(in);
        manners.command = in[1];
        manners.hi = in[3] == 1 ? 0 : request.getLong(4);
        manners.lo = in[3] == 1 ? 0xffffL << 32 | request.getInt(4) & 0xffff_ffffL : request.getLong(12);
        manners.port = request.getShort(length - 2) & 0xffff;
        step = Step.DONE;
        int reply = manners.command == 3 && !manners.datagrams ? 7 : manners.reply;
        SimServer target = manners.command == 1 ? link.net().handlerAt(manners.hi, manners.lo, manners.port) : this;
        if (reply == 0 && target == null) {
            reply = 5;
        }
        byte[] head = {5, (byte) reply, 0};
        byte[] whole = Arrays.copyOf(head, 3 + manners.boundAddress.length + manners.glued.length);
        System.arraycopy(manners.boundAddress, 0, whole, 3, manners.boundAddress.length);
        System.arraycopy(manners.glued, 0, whole, 3 + manners.boundAddress.length, manners.glued.length);
        say(link, whole);
        if (said >= Math.min(manners.closesAfter, manners.fallsSilentAfter)) {
            return length;
        }
        if (reply != 0) {
            link.serverFinish();
        } else if (manners.command == 1) {
            link.serverBecomes(target);
            target.onOpen(link);
        } else {
            manners.control = link;
        }
        return length;
    }

    private void say(SimLink link, byte[] bytes) {
        int most = Math.min(manners.closesAfter, manners.fallsSilentAfter) - said;
        byte[] part = Arrays.copyOf(bytes, Math.min(bytes.length, most));
        said += part.length;
        if (manners.trickles) {
            for (byte single : part) {
                link.serverSend(new byte[] {single});
            }
        } else {
            link.serverSend(part);
        }
        if (part.length < bytes.length || said == manners.closesAfter) {
            leave(link);
        }
    }

    private void leave(SimLink link) {
        step = Step.DONE;
        link.serverBecomes(SimServer.mute());
        if (said >= manners.closesAfter) {
            end(link);
        }
    }

    private void end(SimLink link) {
        if (manners.resets) {
            link.serverReset();
        } else {
            link.serverFinish();
        }
    }
}
