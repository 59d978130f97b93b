package wireleap.tun.upstream;

import wireleap.tun.mem.Bytes;

/**
 * From the connection to the server up to the reply to a request: greeting, method, login, request, reply, each only
 * after the one before is answered. Answers are read to the exact byte, however they are cut, so that what follows
 * the reply stays in the socket, untouched.
 *
 * <p>It takes a spare connection if there is one, and dials where it proves dead. Part of a pooled object; begins anew
 * with {@link #begin} or {@link #prepare}.
 */
final class Socks5Handshake {
    static final int VERSION = 5;
    /** No command of SOCKS: the handshake ends where the request would follow. */
    static final int NOTHING = 0;
    static final int CONNECT = 1;
    static final int UDP_ASSOCIATE = 3;
    static final int NO_LOGIN = 0;
    static final int LOGIN = 2;

    private static final int NOT_SUPPORTED_COMMAND = 7;
    /**
     * VER, REP, RSV, ATYP, the first byte of the address and what even the shortest reply still has (an empty name).
     */
    private static final int LEAST_REPLY_BYTES = 7;

    private enum Step { CONNECTING, GREETING, METHOD, SENDING_LOGIN, LOGIN_ANSWER, REQUEST, REPLY, DONE, FAILED }

    private final Socks5 socks;
    private LinkOwner owner;
    private Link link;
    /** The link was another's up to the request. */
    private boolean spare;
    private int command;
    private long hi;
    private long lo;
    private int port;
    private Step step;
    /** Bytes of the present message that are sent, or of the present answer that have come. */
    private int progress;
    /** How many bytes the present answer has, as far as is known. */
    private int expected;
    private int method;
    private int addressType;
    private long boundHi;
    private long boundLo;
    private int boundPort;
    private Refusal refusal;
    /** What has ended the link: a SocketError; 0: the server has closed it, or nothing has. */
    private int linkEnd;
    /** It has failed before the server has said anything to the request. */
    private boolean unanswered;

    Socks5Handshake(Socks5 socks) {
        this.socks = socks;
    }

    /** Begins anew, and goes on with {@link #proceed} whenever the owner is told that the link is ready. */
    void begin(LinkOwner owner, int command, long hi, long lo, int port, long nowNanos) {
        this.owner = owner;
        this.command = command;
        this.hi = hi;
        this.lo = lo;
        this.port = port;
        link = socks.spares.take(owner, nowNanos);
        if (link == null) {
            dial();
        } else {
            resume(nowNanos);
        }
    }

    /** Begins anew, only to be ready for a request: then {@link #isPrepared}. */
    void prepare(LinkOwner owner) {
        this.owner = owner;
        command = NOTHING;
        dial();
    }

    /**
     * Connects to the server. Sees whether that failed at once, and goes no further: with a server near by the rest
     * might be over before the caller has returned, and then no event would tell of it.
     */
    private void dial() {
        link = socks.links.connect(socks.settings.hi(), socks.settings.lo(), socks.settings.port(), owner);
        start(false, Step.CONNECTING);
        connect();
    }

    /** Sends the request on a spare link, and goes no further, as above. */
    private void resume(long nowNanos) {
        start(true, Step.REQUEST);
        boolean more = true;
        while (more && step == Step.REQUEST) {
            more = request();
        }
        replaceDead(nowNanos);
    }

    private void start(boolean onSpare, Step first) {
        spare = onSpare;
        refusal = Refusal.NONE;
        linkEnd = 0;
        unanswered = false;
        boundHi = 0;
        boundLo = 0;
        boundPort = 0;
        enter(first);
    }

    /** A server may leave a spare connection at any time: another one then shows whether it is there. */
    private void replaceDead(long nowNanos) {
        if (spare && unanswered) {
            socks.spares.lostInUse(linkEnd, nowNanos);
            link.close();
            dial();
        }
    }

    /** Goes as far as the link allows; it may be another one after that. */
    void proceed(long nowNanos) {
        boolean more = true;
        while (more) {
            more = switch (step) {
                case CONNECTING -> connect();
                case GREETING -> send(socks.putGreeting(), Step.METHOD, 2);
                case METHOD, LOGIN_ANSWER, REPLY -> receive(nowNanos);
                case SENDING_LOGIN -> send(socks.putLogin(), Step.LOGIN_ANSWER, 2);
                case REQUEST -> command != NOTHING && request();
                case DONE, FAILED -> false;
            };
        }
        replaceDead(nowNanos);
    }

    private boolean request() {
        return send(socks.putRequest(command, hi, lo, port), Step.REPLY, LEAST_REPLY_BYTES);
    }

    /** The time is over. */
    void onSilence() {
        if (step == Step.CONNECTING || step == Step.GREETING || step == Step.METHOD) {
            learned(UpstreamStatus.UNREACHABLE, SocketError.TIMED_OUT);
        }
        fail(Refusal.TIMED_OUT);
    }

    boolean isDone() {
        return step == Step.DONE;
    }

    /** Whether the server waits for a request. */
    boolean isPrepared() {
        return step == Step.REQUEST && command == NOTHING;
    }

    /** What it goes over: to be closed by the owner, whatever becomes of the handshake. */
    Link link() {
        return link;
    }

    /** NONE while under way or done. */
    Refusal refusal() {
        return refusal;
    }

    /** What has ended the link when it has failed: a SocketError; 0: the server has closed it, or said what is wrong. */
    int linkEnd() {
        return linkEnd;
    }

    /** Whether the bound address is an address, not a name. */
    boolean boundIsAddress() {
        return addressType != Socks5Address.NAME;
    }

    long boundHi() {
        return boundHi;
    }

    long boundLo() {
        return boundLo;
    }

    int boundPort() {
        return boundPort;
    }

    private boolean connect() {
        int result = link.connectResult();
        if (result == 0) {
            return enter(Step.GREETING);
        }
        return result != SocketError.AGAIN && lost(result);
    }

    private boolean send(int length, Step next, int nextExpected) {
        int sent = link.send(socks.memory(), socks.scratch() + progress, length - progress);
        if (sent < 0) {
            return sent != SocketError.AGAIN && lost(sent);
        }
        progress += sent;
        if (progress == length) {
            enter(next);
            expected = nextExpected;
        }
        return true;
    }

    private boolean receive(long nowNanos) {
        int came = link.recv(socks.memory(), socks.scratch(), expected - progress);
        if (came <= 0) {
            return came != SocketError.AGAIN && lost(came);
        }
        for (int i = 0; i < came && step != Step.FAILED; i++) {
            int value = Bytes.u8(socks.memory(), socks.scratch() + i);
            if (step == Step.REPLY) {
                replyByte(progress, value, nowNanos);
            } else {
                answerByte(progress, value);
            }
            progress++;
        }
        if (step != Step.FAILED && progress == expected) {
            answered();
        }
        return true;
    }

    /**
     * The server or the way to it has failed. In mid-handshake it is this flow's misfortune, before it the server's.
     *
     * @param end a SocketError; 0: the server has closed the connection
     */
    private boolean lost(int end) {
        linkEnd = end;
        if (step == Step.CONNECTING || step == Step.GREETING || step == Step.METHOD) {
            learned(UpstreamStatus.UNREACHABLE, end == 0 ? SocketError.RESET : end);
        }
        unanswered = step == Step.REQUEST || step == Step.REPLY && progress == 0;
        return fail(Refusal.FAILED);
    }

    /** A connection that nobody waits for tells nothing: the server may want fewer of them. */
    private void learned(UpstreamStatus shown, int socketError) {
        if (command != NOTHING) {
            socks.learned(shown, socketError);
        }
    }

    /** VER and METHOD of RFC 1928 section 3, or VER and STATUS of RFC 1929 section 2; expected is 2. */
    private void answerByte(int index, int value) {
        if (step == Step.METHOD) {
            if (index == 0 && value != VERSION) {
                learned(UpstreamStatus.WRONG_PROTOCOL, 0);
                fail(Refusal.FAILED);
            } else if (index == 1) {
                method = value;
            }
        } else if (index == 1 && value != 0) {
            learned(UpstreamStatus.LOGIN_REFUSED, 0);
            fail(Refusal.FAILED);
        }
    }

    /** RFC 1928 section 6: VER, REP, RSV, ATYP, BND.ADDR, BND.PORT. */
    private void replyByte(int index, int value, long nowNanos) {
        if (index == 0 && value != VERSION) {
            fail(Refusal.FAILED);
        } else if (index == 1 && value != 0) {
            // some servers send no more than this much of a refusal
            if (value == NOT_SUPPORTED_COMMAND && command == UDP_ASSOCIATE) {
                socks.learnedNoDatagrams(nowNanos);
            }
            fail(refusalOf(value));
        } else if (index == 3) {
            addressType = value;
        } else if (index >= 4) {
            addressByte(index, value);
        }
    }

    private void addressByte(int index, int value) {
        if (index == 4) {
            int length = Socks5Address.length(addressType, value);
            if (length == 0) {
                fail(Refusal.FAILED);
                return;
            }
            expected = 3 + length;
        }
        if (index >= expected - 2) {
            boundPort = boundPort << 8 | value;
        } else {
            boundHi = boundHi << 8 | boundLo >>> 56;
            boundLo = boundLo << 8 | value;
        }
    }

    /** The present answer is complete and good. */
    private void answered() {
        switch (step) {
            case METHOD -> methodChosen();
            case LOGIN_ANSWER -> {
                learned(UpstreamStatus.UP, 0);
                enter(Step.REQUEST);
            }
            default -> {
                if (addressType == Socks5Address.IPV4) {
                    boundLo = Socks5Address.mapped((int) boundLo);
                }
                enter(Step.DONE);
            }
        }
    }

    private void methodChosen() {
        if (method == NO_LOGIN) {
            learned(UpstreamStatus.UP, 0);
            enter(Step.REQUEST);
        } else if (method == LOGIN && socks.settings.hasLogin()) {
            enter(Step.SENDING_LOGIN);
        } else {
            // 0xff: no acceptable method; anything else was not offered
            learned(UpstreamStatus.LOGIN_REFUSED, 0);
            fail(Refusal.FAILED);
        }
    }

    private boolean enter(Step next) {
        step = next;
        progress = 0;
        return true;
    }

    private boolean fail(Refusal why) {
        step = Step.FAILED;
        refusal = why;
        return false;
    }

    private static Refusal refusalOf(int reply) {
        return switch (reply) {
            case 2 -> Refusal.NOT_ALLOWED;
            case 3 -> Refusal.NET_UNREACHABLE;
            case 4 -> Refusal.HOST_UNREACHABLE;
            case 5 -> Refusal.REFUSED;
            case 6 -> Refusal.TTL_EXPIRED;
            case 7, 8 -> Refusal.NOT_SUPPORTED;
            default -> Refusal.FAILED;
        };
    }
}
