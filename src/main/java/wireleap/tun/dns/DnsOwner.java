package wireleap.tun.dns;

import java.lang.foreign.MemorySegment;

/** Whom {@link DnsOverTcp} works for. */
public interface DnsOwner {
    /**
     * An answer for a client, from the server that it asked; comes from within {@link DnsOverTcp#ask}, {@link
     * DnsOverTcp#turn} and {@link DnsOverTcp#onTimer}.
     *
     * @param length of the message, no more than the client takes by UDP
     */
    void onAnswer(long clientHi, long clientLo, int clientPort, long askedHi, long askedLo, MemorySegment memory,
                  long offset, int length);

    /** Something is to be done: {@link DnsOverTcp#turn} has to be called at the end of the turn. */
    void onWork();
}
