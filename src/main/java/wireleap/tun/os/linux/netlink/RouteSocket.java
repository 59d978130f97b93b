package wireleap.tun.os.linux.netlink;

import static wireleap.tun.os.linux.gen.Linux.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import wireleap.tun.os.Errno;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.linux.gen.nlmsgerr;
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

    private final NetlinkSocket socket;
    private final NetlinkWriter out;
    private final MemorySegment requests;
    private final MemorySegment answer;
    private final NetlinkReader reader = new NetlinkReader();
    private int first;                                       // of the requests that were sent last
    private int sequence;                                    // their last

    private RouteSocket(NetlinkSocket socket, Arena arena) {
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
        return open(arena, UnaryOperator.identity());
    }

    /** As {@link #open(Arena)}, with something between it and the kernel. */
    public static RouteSocket open(Arena arena, UnaryOperator<NetlinkSocket> layer) throws ErrnoException {
        return over(layer.apply(KernelSocket.open(RECEIVE_BUFFER_BYTES)), arena);
    }

    /** @param socket belongs to what is returned */
    static RouteSocket over(NetlinkSocket socket, Arena arena) {
        return new RouteSocket(socket, arena);
    }

    /**
     * The number by which the kernel knows this socket in its network namespace: it stands in what others are told of
     * this one's changes. netlink(7), nl_pid.
     */
    public int port() {
        return socket.port();
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
        write(List.of(query.request(matched)));
        send(what);
        while (true) {
            next(what);
            if (reader.type() == NLMSG_ERROR()) {
                throw refused(what, refusal(0));
            }
            if (reader.type() == RTM_NEWROUTE()) {
                return RouteEntry.read(reader);
            }
        }
    }

    @Override
    public void close() {
        socket.close();
    }

    private void batch(List<NetlinkRequest> batch, int firstIndex, List<Refusal> refusals) throws ErrnoException {
        String what = "netlink acknowledgement";
        write(batch);
        out.acknowledgeLast();
        send(what);
        int index = -1;
        while (index < batch.size() - 1) {
            next(what);
            if (reader.type() == NLMSG_ERROR()) {
                index = reader.sequence() - first;
                Refusal answered = refusal(firstIndex + index);
                if (answered.number() != 0) {
                    refusals.add(answered);
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
    private <T> List<T> dump(String what, NetlinkRequest request, Form<T> form) throws ErrnoException {
        for (int attempt = 1; attempt <= DUMP_ATTEMPTS; attempt++) {
            List<T> entries = new ArrayList<>();
            write(List.of(request));
            send(what);
            if (parts(what, form, entries)) {
                return entries;
            }
        }
        throw new ErrnoException(what + ", which was changed each of " + DUMP_ATTEMPTS + " times while it was read",
                Errno.EINTR.number());
    }

    private <T> boolean parts(String what, Form<T> form, List<T> entries) throws ErrnoException {
        boolean consistent = true;
        while (true) {
            next(what);
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

    private void write(List<NetlinkRequest> batch) {
        first = sequence + 1;
        sequence += batch.size();
        out.clear(first);
        batch.forEach(request -> request.writeTo(out));
    }

    private void send(String what) throws ErrnoException {
        drain();
        ErrnoException.check(what, socket.send(requests, out.size()));
    }

    /** Goes to the next message of the answer to what was sent last. */
    private void next(String what) throws ErrnoException {
        do {
            while (!reader.advance()) {
                receive(what);
            }
        } while (Integer.compareUnsigned(reader.sequence() - first, sequence - first) > 0);
    }

    private void receive(String what) throws ErrnoException {
        boolean isTorn = reader.isTorn();
        int bytes = socket.receive(answer);
        if (isTorn || Errno.EAGAIN.is(bytes)) {
            throw new ErrnoException(what + ", whose answer is not whole", Errno.EPROTO.number());
        }
        if (ErrnoException.check(what, bytes) > answer.byteSize()) {
            throw new ErrnoException(what, Errno.EMSGSIZE.number());
        }
        reader.wrap(answer.asSlice(0, bytes));
    }

    /**
     * Forgets what is left of answers that nobody waits for any more. The kernel begins no list before it has told all
     * of the last one (EBUSY), and after answers were lost it throws away all further ones, without telling a second time,
     * until the socket is empty (NETLINK_S_CONGESTED, af_netlink.c).
     */
    private void drain() {
        int bytes = socket.receive(answer);
        while (bytes >= 0 || Errno.ENOBUFS.is(bytes)) {
            LOG.debug("an answer to what is no longer waited for");
            bytes = socket.receive(answer);
        }
        reader.wrap(answer.asSlice(0, 0));
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
