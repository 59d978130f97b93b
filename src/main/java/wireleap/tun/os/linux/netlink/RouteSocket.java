package wireleap.tun.os.linux.netlink;

import static wireleap.tun.os.linux.gen.Linux.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import wireleap.tun.os.Errno;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.Fd;
import wireleap.tun.os.Sys;
import wireleap.tun.os.linux.gen.nlmsgerr;
import wireleap.tun.os.linux.gen.sockaddr_nl;
import wireleap.tun.os.linux.netlink.Acknowledgement.Refusal;

/**
 * A NETLINK_ROUTE socket, netlink(7) and rtnetlink(7), for asking and changing; it hears no events. It belongs to the
 * network namespace of the thread that opened it. One platform thread at a time. Its memory comes from the arena that
 * it is given, and is used no longer than it is open.
 *
 * <p>Requests go out many a send, because a system call and a wake-up for each would cost more than the work; only the
 * last of a batch asks for an acknowledgement, while errors are told of every one. The kernel has done a whole batch
 * when send returns, and a batch is small enough for the answers of one that fails altogether, 832 bytes each on 6.18,
 * to fit in the usual receive buffer of 212,992 bytes.
 */
public final class RouteSocket implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RouteSocket.class);
    private static final int BATCH = 128;
    private static final int RECEIVE_BUFFER_BYTES = 1 << 20;
    private static final int ANSWER_BYTES = 1 << 16;         // a dump's part has 32 KiB at most, af_netlink.c
    private static final int DUMP_ATTEMPTS = 10;

    private final Fd socket;
    private final NetlinkWriter out;
    private final MemorySegment requests;
    private final MemorySegment answer;
    private final NetlinkReader reader = new NetlinkReader();
    private int sequence;

    private RouteSocket(Fd socket, Arena arena) {
        this.socket = socket;
        requests = arena.allocate((long) BATCH * NetlinkRequest.MAX_BYTES, Long.BYTES);
        answer = arena.allocate(ANSWER_BYTES, Long.BYTES);
        out = new NetlinkWriter(requests);
    }

    /**
     * Opens a socket in this thread's network namespace. Needs no privilege; changes need CAP_NET_ADMIN.
     *
     * @param arena of this thread, for the socket's memory
     */
    public static RouteSocket open(Arena arena) throws ErrnoException {
        return open(arena, RECEIVE_BUFFER_BYTES);
    }

    static RouteSocket open(Arena arena, int receiveBufferBytes) throws ErrnoException {
        Fd fd = Fd.of("socket NETLINK_ROUTE", Sys.socket(AF_NETLINK(), SOCK_RAW() | SOCK_CLOEXEC(), NETLINK_ROUTE()));
        try {
            option(fd, NETLINK_EXT_ACK());
            option(fd, NETLINK_CAP_ACK());
            option(fd, NETLINK_GET_STRICT_CHK());
            // without CAP_NET_ADMIN of the initial user namespace the usual size must do, and does
            Sys.setsockopt(fd.number(), SOL_SOCKET(), SO_RCVBUFFORCE(), receiveBufferBytes);
            bind(fd, arena);
            return new RouteSocket(fd, arena);
        } catch (ErrnoException e) {
            fd.close();
            throw e;
        }
    }

    /** Gives a socket a port of the kernel's choice. One without hears no events: 0 is nobody's port. */
    static void bind(Fd fd, Arena arena) throws ErrnoException {
        MemorySegment anyPort = sockaddr_nl.allocate(arena);
        sockaddr_nl.nl_family(anyPort, (short) AF_NETLINK());
        ErrnoException.check("bind netlink", Sys.bind(fd.number(), anyPort, (int) sockaddr_nl.sizeof()));
    }

    private static void option(Fd fd, int option) throws ErrnoException {
        ErrnoException.check("setsockopt SOL_NETLINK " + option, Sys.setsockopt(fd.number(), SOL_NETLINK(), option, 1));
    }

    /**
     * The number by which the kernel knows this socket in its network namespace: it stands in what others are told of
     * this one's changes. netlink(7), nl_pid.
     */
    public int port() throws ErrnoException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = sockaddr_nl.allocate(arena);
            MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, (int) sockaddr_nl.sizeof());
            ErrnoException.check("getsockname", Sys.getsockname(socket.number(), address, length));
            return sockaddr_nl.nl_pid(address);
        }
    }

    /**
     * Sends requests in their order, and no more after the batch in which one was refused.
     *
     * @throws ErrnoException if answers were lost (ENOBUFS) or the socket failed: it is not known what was done
     */
    public Acknowledgement execute(List<NetlinkRequest> wanted) throws ErrnoException {
        List<Refusal> refusals = new ArrayList<>();
        int taken = 0;
        while (taken < wanted.size() && refusals.isEmpty()) {
            int end = Math.min(wanted.size(), taken + BATCH);
            batch(wanted.subList(taken, end), taken, refusals);
            taken = end;
        }
        return new Acknowledgement(taken, List.copyOf(refusals));
    }

    /**
     * Does one thing.
     *
     * @param what it is, in the words of ip, for the exception
     * @throws ErrnoException if the kernel refused, with its explanation
     */
    public void request(String what, NetlinkRequest request) throws ErrnoException {
        Acknowledgement answered = execute(List.of(request));
        for (Refusal refusal : answered.refusals()) {
            throw refused(what, refusal);
        }
    }

    /** {@code ip link show} */
    public List<LinkEntry> links() throws ErrnoException {
        return dump("ip link show", LinkEntry.dump(), LinkEntry::read);
    }

    /** {@code ip address show} */
    public List<AddressEntry> addresses() throws ErrnoException {
        return dump("ip address show", AddressEntry.dump(), AddressEntry::read);
    }

    /** {@code ip route show table all [proto PROTOCOL]} of one family; 0 is every protocol. */
    public List<RouteEntry> routes(boolean ipv4, int protocol) throws ErrnoException {
        List<RouteEntry> routes = dump("ip route show table all", RouteEntry.dump(ipv4, protocol), RouteEntry::read);
        return routes.stream().filter(route -> route.isIpv4() == ipv4).toList();    // a kernel without IPv6 tells all
    }

    /** {@code ip route show table TABLE} of one family, whoever made them; none where there is no such table. */
    public List<RouteEntry> routesOfTable(boolean ipv4, int table) throws ErrnoException {
        try {
            return dump("ip route show table " + table, RouteEntry.dumpOfTable(ipv4, table), RouteEntry::read);
        } catch (ErrnoException e) {
            if (e.errno() == Errno.ENOENT) {
                return List.of();
            }
            throw e;
        }
    }

    /** {@code ip rule list} of one family, by preference. */
    public List<RuleEntry> rules(boolean ipv4) throws ErrnoException {
        List<RuleEntry> rules = dump("ip rule list", RuleEntry.dump(ipv4), RuleEntry::read);
        return rules.stream().filter(rule -> rule.ipv4() == ipv4).toList();
    }

    /**
     * {@code ip route get}
     *
     * @throws ErrnoException if there is no way: ENETUNREACH and others, as connect(2) would say
     */
    public RouteEntry route(RouteQuery query) throws ErrnoException {
        return route(query, false);
    }

    /**
     * {@code ip route get fibmatch}: the entry that decides, with its table, destination and length.
     *
     * @throws ErrnoException as {@link #route}, and where there is a way that comes of no entry
     */
    public RouteEntry matchedRoute(RouteQuery query) throws ErrnoException {
        return route(query, true);
    }

    private RouteEntry route(RouteQuery query, boolean matched) throws ErrnoException {
        String what = "ip route get " + query.destination().getHostAddress();
        send(List.of(query.request(matched)));
        while (true) {
            receive(what);
            while (reader.advance()) {
                if (reader.sequence() == sequence && reader.type() == NLMSG_ERROR()) {
                    throw refused(what, refusal(0));
                }
                if (reader.sequence() == sequence && reader.type() == RTM_NEWROUTE()) {
                    return RouteEntry.read(reader);
                }
            }
        }
    }

    @Override
    public void close() {
        socket.close();
    }

    private void batch(List<NetlinkRequest> batch, int firstIndex, List<Refusal> refusals) throws ErrnoException {
        int first = sequence + 1;
        out.clear(first);
        batch.forEach(request -> request.writeTo(out));
        out.acknowledgeLast();
        send(batch.size());
        while (true) {
            receive("netlink acknowledgement");
            while (reader.advance()) {
                int index = reader.sequence() - first;
                if (index >= 0 && index < batch.size() && reader.type() == NLMSG_ERROR()) {
                    Refusal answered = refusal(firstIndex + index);
                    if (answered.number() != 0) {
                        refusals.add(answered);
                    }
                    if (index == batch.size() - 1) {
                        return;
                    }
                }
            }
        }
    }

    /** What a message is read as. */
    @FunctionalInterface
    private interface Form<T> {
        T read(NetlinkReader message) throws ErrnoException;
    }

    /** Asks for a list until it was told without a change in between, which the kernel marks by NLM_F_DUMP_INTR. */
    private <T> List<T> dump(String what, NetlinkRequest request, Form<T> form)
            throws ErrnoException {
        for (int attempt = 1; true; attempt++) {
            List<T> entries = new ArrayList<>();
            send(List.of(request));
            boolean consistent = parts(what, form, entries);
            if (consistent || attempt == DUMP_ATTEMPTS) {
                return entries;
            }
        }
    }

    private <T> boolean parts(String what, Form<T> form, List<T> entries) throws ErrnoException {
        boolean consistent = true;
        while (true) {
            receive(what);
            while (reader.advance()) {
                if (reader.sequence() != sequence) {
                    continue;
                }
                consistent &= (reader.flags() & NLM_F_DUMP_INTR()) == 0;
                if (reader.type() == NLMSG_ERROR()) {
                    throw refused(what, refusal(0));
                }
                if (reader.type() == NLMSG_DONE()) {
                    complete(what);
                    return consistent;
                }
                entries.add(form.read(reader));
            }
        }
    }

    /**
     * Throws if the list that ends here is not whole: its end carries the error at which the kernel gave up, and 0 else
     * ({@code netlink_dump_done}, af_netlink.c).
     */
    private void complete(String what) throws ErrnoException {
        int error = reader.struct(ValueLayout.JAVA_INT).get(ValueLayout.JAVA_INT_UNALIGNED, 0);
        if (error < 0) {
            throw new ErrnoException(what + ", which ended early", -error);
        }
    }

    private void send(List<NetlinkRequest> one) throws ErrnoException {
        out.clear(sequence + 1);
        one.getFirst().writeTo(out);
        send(1);
    }

    private void send(int messages) throws ErrnoException {
        sequence += messages;
        int sent = Sys.send(socket.number(), requests, 0, out.size(), 0);
        while (Errno.EINTR.is(sent)) {
            sent = Sys.send(socket.number(), requests, 0, out.size(), 0);
        }
        ErrnoException.check("send to netlink", sent);
    }

    private void receive(String what) throws ErrnoException {
        int received = Sys.recv(socket.number(), answer, 0, answer.byteSize(), 0);
        while (Errno.EINTR.is(received)) {
            received = Sys.recv(socket.number(), answer, 0, answer.byteSize(), 0);
        }
        if (Errno.ENOBUFS.is(received)) {
            drain();
        }
        reader.wrap(answer.asSlice(0, ErrnoException.check(what, received)));
    }

    /**
     * Empties the socket after answers were lost. Until it is empty the kernel throws away all further answers, and
     * does not tell a second time (NETLINK_S_CONGESTED, af_netlink.c): the next receive would wait for ever.
     */
    private void drain() {
        while (Sys.recv(socket.number(), answer, 0, answer.byteSize(), MSG_DONTWAIT()) >= 0) {
            LOG.debug("an answer to what is no longer waited for");
        }
    }

    /**
     * The errno, 0 for none, and the explanation of an NLMSG_ERROR: {@code struct nlmsgerr { int error; struct nlmsghdr
     * msg; }} and, as NETLINK_CAP_ACK leaves the request's own bytes away, attributes right behind.
     */
    private Refusal refusal(int index) throws ErrnoException {
        int error = nlmsgerr.error(reader.struct(nlmsgerr.layout()));
        boolean explained = (reader.flags() & NLM_F_ACK_TLVS()) != 0;
        return new Refusal(index, -error,
                explained ? reader.attributes(nlmsgerr.layout()).text(NLMSGERR_ATTR_MSG()) : "");
    }

    private static ErrnoException refused(String what, Refusal refusal) {
        return new ErrnoException(what + (refusal.words().isEmpty() ? "" : " (" + refusal.words() + ")"),
                refusal.number());
    }
}
