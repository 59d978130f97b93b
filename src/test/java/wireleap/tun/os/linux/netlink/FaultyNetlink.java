package wireleap.tun.os.linux.netlink;

import static wireleap.tun.os.linux.gen.Linux.NLMSG_DONE;
import static wireleap.tun.os.linux.gen.Linux.NLMSG_ERROR;
import static wireleap.tun.os.linux.gen.Linux.NLM_F_ACK;
import static wireleap.tun.os.linux.gen.Linux.NLM_F_DUMP;
import static wireleap.tun.os.linux.gen.Linux.NLM_F_DUMP_INTR;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import wireleap.tun.os.Errno;
import wireleap.tun.os.linux.gen.nlmsgerr;
import wireleap.tun.os.linux.gen.nlmsghdr;

/**
 * A netlink socket at whose chosen requests something goes wrong: in the kernel, or on the way to it and back. One thread
 * uses it, any other chooses.
 */
public final class FaultyNetlink implements NetlinkSocket {
    /** What goes wrong. */
    public enum Fault {
        /** The kernel refuses it, and does the others of its batch. */
        EBUSY, EINVAL, ENOBUFS, ENOSPC,
        /** Nothing of the batch is sent. */
        NOT_SENT,
        /** The batch is done, and the answers are lost for want of memory. */
        ANSWER_LOST,
        /** The batch is done, and no answer comes. */
        ANSWER_ABSENT,
        /** The answer is longer than there is room for. */
        ANSWER_TOO_LONG,
        /** The answer ends amid a message. */
        ANSWER_TORN,
        /** The list was changed while it was told. */
        LIST_CHANGED,
        /** The list ends early, as the kernel says at its end. */
        LIST_SHORT;

        private boolean isRefusal() {
            return ordinal() <= ENOSPC.ordinal();
        }

        /** Whether only what is asked for as a list can fail so. */
        public boolean isOfLists() {
            return ordinal() >= LIST_CHANGED.ordinal();
        }
    }

    /** Which requests fail. */
    @FunctionalInterface
    public interface Choice {
        /** @param number of the request, from 0 */
        boolean fails(int number, MemorySegment message);
    }

    private static final int MOST_BYTES = 1 << 16;

    private final NetlinkSocket kernel;
    private final MemorySegment others = Arena.ofAuto().allocate(MOST_BYTES, Long.BYTES);
    private final Queue<MemorySegment> before = new ArrayDeque<>();  // what is told ahead of the kernel's answers
    private final Queue<MemorySegment> after = new ArrayDeque<>();
    private Fault fault = Fault.EBUSY;
    private Choice choice = (number, message) -> false;
    private Optional<Fault> pending = Optional.empty();              // of the answers to what was sent last
    private int requests;
    private int struck;

    public FaultyNetlink(NetlinkSocket kernel) {
        this.kernel = kernel;
    }

    /** From now on this goes wrong with those that are chosen. */
    public synchronized void fail(Fault next, Choice chosen) {
        fault = next;
        choice = chosen;
        struck = 0;
    }

    /** From now on nothing goes wrong. */
    public synchronized void heal() {
        choice = (number, message) -> false;
    }

    /** How many requests were made so far. */
    public synchronized int requests() {
        return requests;
    }

    /** How many of them have failed since it was last said which should. */
    public synchronized int struck() {
        return struck;
    }

    @Override
    public synchronized int send(MemorySegment messages, long bytes) {
        before.clear();
        after.clear();
        pending = Optional.empty();
        long kept = 0;
        for (long at = 0; at < bytes; ) {
            long length = nlmsghdr.nlmsg_len(messages.asSlice(at, nlmsghdr.sizeof()));
            MemorySegment message = messages.asSlice(at, length);
            at += length + 3 & ~3;
            boolean isList = (nlmsghdr.nlmsg_flags(message) & NLM_F_DUMP()) == NLM_F_DUMP();
            boolean fails = choice.fails(requests++, message) && (isList || !fault.isOfLists());
            if (fails) {
                struck++;
            }
            if (fails && fault.isRefusal()) {
                boolean isLast = (nlmsghdr.nlmsg_flags(message) & NLM_F_ACK()) != 0;
                (isLast ? after : before).add(refusal(message));
            } else {
                pending = fails ? Optional.of(fault) : pending;
                MemorySegment.copy(message, 0, others, kept, length);
                kept += length + 3 & ~3;
            }
        }
        if (pending.equals(Optional.of(Fault.NOT_SENT))) {
            return -Errno.ENOBUFS.number();
        }
        return kept == 0 ? (int) bytes : kernel.send(others, kept);
    }

    private MemorySegment refusal(MemorySegment message) {
        MemorySegment answer = Arena.ofAuto().allocate(nlmsghdr.sizeof() + nlmsgerr.sizeof(), Integer.BYTES);
        MemorySegment.copy(message, 0, answer, 0, nlmsghdr.sizeof());
        MemorySegment.copy(message, 0, answer, answer.byteSize() - nlmsghdr.sizeof(), nlmsghdr.sizeof());
        nlmsghdr.nlmsg_len(answer, (int) answer.byteSize());
        nlmsghdr.nlmsg_type(answer, (short) NLMSG_ERROR());
        nlmsghdr.nlmsg_flags(answer, (short) 0);
        answer.set(ValueLayout.JAVA_INT, nlmsghdr.sizeof(), -Errno.valueOf(fault.name()).number());
        return answer;
    }

    @Override
    public synchronized int receive(MemorySegment datagram) {
        if (!before.isEmpty()) {
            return told(before.remove(), datagram);
        }
        int bytes = kernel.receive(datagram);
        if (Errno.EAGAIN.is(bytes) && !after.isEmpty()) {
            return told(after.remove(), datagram);
        }
        Optional<Fault> now = pending;
        pending = Optional.empty();
        return bytes > 0 && now.isPresent() ? spoilt(now.get(), datagram, bytes) : bytes;
    }

    private static int told(MemorySegment answer, MemorySegment datagram) {
        MemorySegment.copy(answer, 0, datagram, 0, answer.byteSize());
        return (int) answer.byteSize();
    }

    private int spoilt(Fault what, MemorySegment datagram, int bytes) {
        return switch (what) {
            case ANSWER_LOST -> without(datagram, -Errno.ENOBUFS.number());
            case ANSWER_ABSENT -> without(datagram, -Errno.EAGAIN.number());
            case ANSWER_TOO_LONG -> (int) datagram.byteSize() + bytes;
            case ANSWER_TORN -> bytes - Long.BYTES;
            case LIST_CHANGED -> {
                nlmsghdr.nlmsg_flags(datagram, (short) (nlmsghdr.nlmsg_flags(datagram) | NLM_F_DUMP_INTR()));
                yield bytes;
            }
            case LIST_SHORT -> without(datagram, shortened(datagram));
            default -> throw new AssertionError(what);
        };
    }

    /** The first message stays, unless it is the end, and then comes the end with an error. */
    private static int shortened(MemorySegment datagram) {
        long first = nlmsghdr.nlmsg_type(datagram) == NLMSG_DONE() ? 0 : nlmsghdr.nlmsg_len(datagram) + 3 & ~3;
        int sequence = nlmsghdr.nlmsg_seq(datagram);
        MemorySegment end = datagram.asSlice(first, nlmsghdr.sizeof() + Integer.BYTES);
        nlmsghdr.nlmsg_len(end, (int) end.byteSize());
        nlmsghdr.nlmsg_type(end, (short) NLMSG_DONE());
        nlmsghdr.nlmsg_seq(end, sequence);
        end.set(ValueLayout.JAVA_INT_UNALIGNED, nlmsghdr.sizeof(), -Errno.ENOMEM.number());
        return (int) (first + end.byteSize());
    }

    /** A result, all further answers being lost. */
    private int without(MemorySegment datagram, int result) {
        MemorySegment rest = Arena.ofAuto().allocate(datagram.byteSize(), Long.BYTES);
        while (kernel.receive(rest) > 0) {
            continue;
        }
        return result;
    }

    @Override
    public int port() {
        return kernel.port();
    }

    @Override
    public void close() {
        kernel.close();
    }
}
