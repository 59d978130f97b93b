package wireleap.tun;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Gauge;
import wireleap.tun.mem.Group;

/** What GET /stats answers: what all loops count and have, together and each. Reading it costs the loops nothing. */
final class LoopStats {
    private LoopStats() {
    }

    /**
     * The JSON object; without loops all totals are 0.
     *
     * @param loops by their names, in order
     */
    static Map<String, Object> report(Map<String, Counters> loops) {
        List<Map<String, Object>> each = new ArrayList<>();
        List<Map<String, Map<String, Long>>> all = new ArrayList<>();
        loops.forEach((name, counters) -> {
            Map<String, Map<String, Long>> groups = groups(counters);
            all.add(groups);
            Map<String, Object> named = new LinkedHashMap<>();
            named.put("name", name);
            named.putAll(groups);
            each.add(named);
        });
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("total", total(all));
        report.put("loops", each);
        return report;
    }

    private static Map<String, Map<String, Long>> total(List<Map<String, Map<String, Long>>> all) {
        Map<String, Map<String, Long>> total = groups(new Counters());
        for (Map<String, Map<String, Long>> groups : all) {
            groups.forEach((group, members) -> members.forEach(
                    (name, value) -> total.get(group).merge(name, value, Long::sum)));
        }
        return total;
    }

    /** By the names of groups and members, in the order in which they are declared. */
    static Map<String, Map<String, Long>> groups(Counters counters) {
        Map<String, Map<String, Long>> groups = new LinkedHashMap<>();
        for (Group group : Group.values()) {
            groups.put(group.title(), new LinkedHashMap<>());
        }
        for (Gauge gauge : Gauge.values()) {
            put(groups, gauge.group(), gauge.title(), counters.value(gauge));
        }
        for (Counter counter : Counter.values()) {
            put(groups, counter.group(), counter.title(), counters.value(counter));
        }
        return groups;
    }

    private static void put(Map<String, Map<String, Long>> groups, Group group, String title, long value) {
        if (groups.get(group.title()).put(title, value) != null) {
            throw new AssertionError(group.title() + "." + title + " is two things");
        }
    }
}
