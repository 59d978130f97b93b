package wireleap.tun.h2;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Slab;
import wireleap.tun.upstream.Link;
import wireleap.tun.upstream.LinkOwner;
import wireleap.tun.upstream.SocketError;

/**
 * The bytes of a connection: its link, the block in which what has come is parsed where the kernel placed it, and the
 * {@link Outbox}. Owns both blocks from dial to close.
 *
 * <p>A link that can be sent to no more is not the end: what has come can still be read, and reading tells the end.
 */
final class Pipe {
    private static final int INBOX_BYTES = 256 << 10;
    private static final int OUTBOX_BYTES = 128 << 10;
    /** Each holds several of the largest frames that are taken whole, and of those that are sent. */
    private static final int LEAST_BOX_BYTES = 64 << 10;

    final Outbox outbox = new Outbox();
    private final Slab slab;
    private Link link;
    private long inbox;
    private int inboxBytes;
    /** What of the inbox is filled; it begins with what was not parsed. */
    private int inTail;
    private long outboxAt;
    private int outboxBytes;
    private boolean linked;
    /** Whether there may be something to receive, or room to send: readiness is told at edges only. */
    private boolean mayRead;
    private boolean mayWrite;
    /** 0, or why nothing can be sent any more. */
    private int sendError;
    private boolean finished;

    Pipe(Slab slab) {
        this.slab = slab;
    }

    /** Begins to connect: 0, AGAIN or an error; it has to be closed in any case. */
    int dial(H2c h2, LinkOwner owner) {
        inboxBytes = spare(INBOX_BYTES);
        inbox = slab.allocate(inboxBytes);
        outboxBytes = spare(OUTBOX_BYTES);
        outboxAt = inbox < 0 ? -1 : slab.allocate(outboxBytes);
        link = h2.links.connect(h2.settings.hi(), h2.settings.lo(), h2.settings.port(), owner);
        if (outboxAt < 0) {
            return SocketError.NO_RESOURCES;
        }
        outbox.begin(slab.memory(), outboxAt, outboxBytes);
        return link.connectResult();
    }

    private int spare(int wanted) {
        int bytes = wanted;
        while (bytes > LEAST_BOX_BYTES && !slab.canSpare(bytes)) {
            bytes /= 2;
        }
        return bytes;
    }

    /** Whether the link has connected: 0, AGAIN or an error. */
    int connect() {
        int result = link.connectResult();
        if (result == 0) {
            linked = true;
            mayRead = true;
            mayWrite = true;
        }
        return result;
    }

    boolean isLinked() {
        return linked;
    }

    /** Takes note of events of {@link LinkOwner}. */
    void ready(int events) {
        mayRead |= (events & (LinkOwner.READABLE | LinkOwner.FAILED)) != 0;
        mayWrite |= (events & (LinkOwner.WRITABLE | LinkOwner.FAILED)) != 0 && sendError == 0;
    }

    boolean mayRead() {
        return mayRead && inTail < inboxBytes;
    }

    /** Receives once: the bytes that came, which are to be parsed; 0: the end; AGAIN; or an error. */
    int receive() {
        int came = link.recv(slab.memory(), inbox + inTail, inboxBytes - inTail);
        if (came > 0) {
            inTail += came;
        } else {
            mayRead = false;
        }
        return came == SocketError.AGAIN && sendError != 0 ? sendError : came;
    }

    /** Has all parsed that is complete. */
    void parse(FrameReader reader) {
        int done = reader.read(slab.memory(), inbox, inTail);
        if (done > 0) {
            inTail -= done;
            MemorySegment.copy(slab.memory(), inbox + done, slab.memory(), inbox, inTail);
        }
    }

    /** Whether {@link #flush} has something to do. */
    boolean mayFlush() {
        return mayWrite && !outbox.isEmpty();
    }

    /** Sends what there is, as far as the link takes it; what is wrong with the link shows in {@link #receive}. */
    void flush() {
        if (!mayFlush()) {
            return;
        }
        int result = outbox.flush(link);
        if (result < 0) {
            mayWrite = false;
        }
        if (result < 0 && result != SocketError.AGAIN) {
            sendError = result;
            mayRead = true;
        }
    }

    /** Whether what is put into the outbox will never be sent. */
    boolean isMute() {
        return sendError != 0;
    }

    /**
     * Sends the rest, then FIN, and throws away what still comes: a link that is closed with bytes unread resets, and what
     * was sent last is lost with it.
     *
     * @return whether nothing is left to do but to close it
     */
    boolean finish(int reads) {
        flush();
        if (!linked || isMute()) {
            return true;
        }
        if (outbox.isEmpty() && !finished) {
            finished = true;
            link.shutdownWrite();
        }
        inTail = 0;
        for (int i = 0; i < reads && mayRead; i++) {
            int came = receive();
            inTail = 0;
            if (came <= 0 && came != SocketError.AGAIN) {
                return true;
            }
        }
        return false;
    }

    /** Closes the link and gives the blocks back. */
    void close() {
        link.close();
        free(inbox, inboxBytes);
        free(outboxAt, outboxBytes);
    }

    private void free(long at, int bytes) {
        if (at >= 0) {
            slab.free(at, bytes);
        }
    }
}
