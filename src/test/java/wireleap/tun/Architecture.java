package wireleap.tun;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** The order of the house: which package may name which, and what the core must not touch. */
final class Architecture {
    private static final String ROOT = "wireleap.tun";
    private static final Set<String> WIRE = Set.of("wire", "mem");
    private static final Set<String> FLOW = Set.of("tcp", "udp", "icmp", "dns", "upstream", "wire", "mem");

    /** Arrows only downwards. The root package, which composes all, may name everything but bindings. */
    private static final Map<String, Set<String>> ARROWS = Map.ofEntries(
            Map.entry("cli", Set.of("client", "policy")),
            Map.entry("doctor", Set.of("routes", "policy", "os", "os.linux", "os.linux.netlink", "os.linux.gen")),
            Map.entry("install", Set.of("os", "os.linux")),
            Map.entry("demo", Set.of("client", "os", "os.linux", "os.linux.netlink", "os.linux.gen")),
            Map.entry("train", Set.of("demo", "tcp", "wire", "mem", "os", "os.linux")),
            Map.entry("client", Set.of()),
            Map.entry("api", Set.of("routes", "events", "policy")),
            Map.entry("routes", Set.of("events", "policy", "os", "os.linux.netlink")),
            Map.entry("events", Set.of("policy")),
            Map.entry("policy", Set.of()),
            Map.entry("loop", Set.of("flow", "tcp", "udp", "icmp", "dns", "upstream", "wire", "mem", "os")),
            Map.entry("flow", FLOW),
            Map.entry("tcp", WIRE),
            Map.entry("udp", WIRE),
            Map.entry("icmp", WIRE),
            Map.entry("dns", Set.of("upstream", "wire", "mem")),
            Map.entry("h2", Set.of("upstream", "wire", "mem")),
            Map.entry("upstream", WIRE),
            Map.entry("wire", Set.of("mem")),
            Map.entry("mem", Set.of()),
            Map.entry("os", Set.of()),
            Map.entry("os.linux", Set.of("os", "os.linux.gen")),
            Map.entry("os.linux.netlink", Set.of("os", "os.linux", "os.linux.gen")),
            Map.entry("os.linux.gen", Set.of()),
            Map.entry("os.darwin", Set.of("os", "os.darwin.gen")),
            Map.entry("os.darwin.gen", Set.of()));

    /** Functions of (bytes, now, seed): no socket, file, thread, clock, random source or log of their own. */
    private static final Set<String> CORE =
            Set.of("policy", "flow", "dns", "h2", "upstream", "tcp", "udp", "icmp", "wire", "mem");
    private static final Pattern NOT_IN_CORE_CLASS = Pattern.compile(
            "java\\.(net|nio\\.channels|nio\\.file)\\..*"
            + "|java\\.io\\.(File|RandomAccess).*"
            + "|java\\.lang\\.(Thread|Process|Runtime(?!Exception)).*"
            + "|java\\.util\\.concurrent\\.(?!TimeUnit).*|java\\.util\\.Timer.*"
            + "|java\\.time\\.(Clock|InstantSource)"
            + "|java\\.util\\.(Splittable)?Random|java\\.util\\.random\\..*|java\\.security\\.SecureRandom"
            + "|org\\.slf4j\\..*");
    private static final Pattern NOT_IN_CORE_MEMBER = Pattern.compile(
            "java\\.lang\\.System\\.(nanoTime|currentTimeMillis)"
            + "|java\\.time\\..*\\.now"
            + "|java\\.lang\\.Math\\.random|java\\.util\\.UUID\\.randomUUID");

    private static final Pattern DOWNCALL =
            Pattern.compile("java\\.lang\\.invoke\\.MethodHandle\\.\\w+|java\\.lang\\.foreign\\.(Linker|SymbolLookup)\\.\\w+");
    private static final String DOWNCALLS_LIVE_IN = ROOT + ".os.Sys";

    /** Libraries and who may name them. */
    private static final Map<String, Set<String>> LIBRARIES = Map.of(
            "picocli.", Set.of("cli"),
            "org.apache.hc.", Set.of("h2"),
            "com.fasterxml.jackson.", Set.of("api", "client", "cli"));

    private Architecture() {
    }

    /** One line for each thing that a class names and must not; empty when the house is in order. */
    static List<String> violations(ClassUses uses) {
        List<String> found = new ArrayList<>();
        String from = shortName(uses.packageName());
        if (!from.isEmpty() && !ARROWS.containsKey(from)) {
            found.add(uses.name() + ": its package has no place in Architecture.ARROWS");
            return found;
        }
        for (String named : uses.classes()) {
            if (isOurs(named) && !mayName(from, shortName(ClassUses.packageOf(named)))) {
                found.add(uses.name() + " names " + named + ": no arrow leads there");
            }
            LIBRARIES.forEach((prefix, users) -> {
                if (named.startsWith(prefix) && !users.contains(from)) {
                    found.add(uses.name() + " names " + named + ": only " + users + " may");
                }
            });
            if (CORE.contains(from) && NOT_IN_CORE_CLASS.matcher(named).matches()) {
                found.add(uses.name() + " names " + named + ": not in the core");
            }
        }
        for (String member : uses.members()) {
            if (CORE.contains(from) && NOT_IN_CORE_MEMBER.matcher(member).matches()) {
                found.add(uses.name() + " uses " + member + ": not in the core");
            }
            if (DOWNCALL.matcher(member).matches() && !isBindings(from) && !isSys(uses.name())) {
                found.add(uses.name() + " uses " + member + ": only os.Sys may");
            }
        }
        return found;
    }

    private static boolean mayName(String from, String to) {
        return from.equals(to) || (from.isEmpty() ? !isBindings(to) : ARROWS.get(from).contains(to));
    }

    private static boolean isBindings(String packageName) {
        return packageName.endsWith(".gen");
    }

    private static boolean isSys(String className) {
        return className.equals(DOWNCALLS_LIVE_IN) || className.startsWith(DOWNCALLS_LIVE_IN + "$");
    }

    private static boolean isOurs(String className) {
        return className.startsWith(ROOT + ".");
    }

    /** {@code os.linux} for {@code wireleap.tun.os.linux}, nothing for {@code wireleap.tun}. */
    private static String shortName(String packageName) {
        return packageName.equals(ROOT) ? "" : packageName.substring(ROOT.length() + 1);
    }
}
