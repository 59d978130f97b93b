package wireleap.tun.policy;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * A policy rule, ip-rule(8).
 *
 * @param family whose packets it sees
 * @param preference its place, lower ones first
 * @param match which packets it concerns
 * @param action what happens to them
 */
public record Rule(Family family, int preference, Match match, Action action) implements Claim {
    /** What to do with a packet that matches. */
    public sealed interface Action {
        /** Continues at the first rule with that preference; it must be a later one. */
        record Goto(int preference) implements Action {
        }

        /** Nothing: the aim of a goto. */
        record Nop() implements Action {
        }

        /**
         * Looks the way up in a table.
         *
         * @param table its number
         * @param suppressPrefixLength routes of this length or shorter do not count; empty: all do
         */
        record Lookup(int table, OptionalInt suppressPrefixLength) implements Action {
        }
    }

    /**
     * What a packet must be like; what is empty does not matter.
     *
     * @param inverted the rule is for all packets but the ones described
     * @param mark the packet's mark under a mask
     * @param inputDevice where it came in, lo for the host's own; "" for any
     * @param from the network of its source address
     * @param user the owner of the socket that it came from, 0..2^32-2
     * @param destinationPort 1..65535
     */
    public record Match(boolean inverted, Optional<Mark> mark, String inputDevice, Optional<IpPrefix> from,
            OptionalLong user, OptionalInt destinationPort) {
        /** Every packet. */
        public static final Match ALL = new Match(false, Optional.empty(), "", Optional.empty(),
                OptionalLong.empty(), OptionalInt.empty());
        /** What this host itself sends: {@code iif lo}. */
        public static final Match OWN = ALL.inputDevice("lo");

        /** This match, for packets with that mark only. */
        public Match mark(Mark only) {
            return new Match(inverted, Optional.of(only), inputDevice, from, user, destinationPort);
        }

        /** This match, for packets that came in by that device only. */
        public Match inputDevice(String only) {
            return new Match(inverted, mark, only, from, user, destinationPort);
        }

        /** This match, for packets from that network only. */
        public Match from(IpPrefix only) {
            return new Match(inverted, mark, inputDevice, Optional.of(only), user, destinationPort);
        }

        /** This match, for packets of that user's sockets only. */
        public Match user(long only) {
            return new Match(inverted, mark, inputDevice, from, OptionalLong.of(only), destinationPort);
        }

        /** This match, for packets to that port only. */
        public Match destinationPort(int only) {
            return new Match(inverted, mark, inputDevice, from, user, OptionalInt.of(only));
        }

        /** All packets but those of this match. */
        public Match not() {
            return new Match(!inverted, mark, inputDevice, from, user, destinationPort);
        }
    }

    /**
     * A mark and the bits of it that are compared.
     *
     * @param value as SO_MARK sets it
     * @param mask which bits count
     */
    public record Mark(int value, int mask) {
        @Override
        public String toString() {
            return "0x" + Integer.toHexString(value) + "/0x" + Integer.toHexString(mask);
        }
    }

    private static final IpPrefix NO_ADDRESS = IpPrefix.ipv4(0, 32);
    private static final int LOCAL = 255;            // RT_TABLE_LOCAL, linux/rtnetlink.h
    private static final int MAIN = 254;             // RT_TABLE_MAIN
    private static final int DEFAULT = 253;          // RT_TABLE_DEFAULT

    /** What ip(8) calls a table: the kernel's own have names. */
    public static String tableName(int table) {
        return switch (table) {
            case LOCAL -> "local";
            case MAIN -> "main";
            case DEFAULT -> "default";
            default -> Integer.toString(table);
        };
    }

    @Override
    public String object() {
        return "rule";
    }

    @Override
    public String words() {
        StringBuilder words = new StringBuilder(match.inverted() ? "not " : "").append("pref ").append(preference);
        match.mark().ifPresent(mark -> words.append(" fwmark ").append(mark));
        words.append(match.inputDevice().isEmpty() ? "" : " iif " + match.inputDevice());
        match.from().ifPresent(from -> words.append(" from ").append(from));
        match.user().ifPresent(user -> words.append(" uidrange ").append(user).append('-').append(user));
        match.destinationPort().ifPresent(port -> words.append(" dport ").append(port));
        switch (action) {
            case Action.Goto to -> words.append(" goto ").append(to.preference());
            case Action.Nop nop -> words.append(" nop");
            case Action.Lookup lookup -> {
                words.append(" lookup ").append(tableName(lookup.table()));
                lookup.suppressPrefixLength().ifPresent(n -> words.append(" suppress_prefixlength ").append(n));
            }
        }
        return words.toString();
    }

    /** Whether it leads what this host, or another one, sends into a table of ours. */
    boolean captures() {
        return action instanceof Action.Lookup lookup && lookup.table() != MAIN
                && match.from().map(NO_ADDRESS::equals).orElse(true);
    }

    /** A nop before the gotos that aim at it, marked packets' before the TUN is there, everything else last. */
    @Override
    public int rank() {
        return action instanceof Action.Nop ? 1 : match.mark().isPresent() ? 2 : 5;
    }
}
