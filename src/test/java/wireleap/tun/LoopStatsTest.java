package wireleap.tun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Gauge;

/** What GET /stats says, and that openapi.json, which is what programs were written by, knows each name. */
class LoopStatsTest {
    private static Map<String, Object> schema() throws IOException {
        try (var in = LoopStats.class.getResourceAsStream("api/openapi.json")) {
            return member(member(member(JSON.std.mapFrom(in), "components"), "schemas"), "Numbers");
        }
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> member(Map<String, Object> object, String name) {
        return (Map<String, Object>) object.get(name);
    }

    /** A rename shows here: the document has to be changed too, and with it every program that reads the name. */
    @Test
    void namesAreTheOnesOfTheDocumentInItsOrder() throws IOException {
        Map<String, List<String>> documented = new LinkedHashMap<>();
        Map<String, Object> groups = member(schema(), "properties");
        groups.keySet().stream().filter(group -> !group.equals("name")).forEach(group ->
                documented.put(group, List.copyOf(member(member(groups, group), "properties").keySet())));
        Map<String, List<String>> told = new LinkedHashMap<>();
        LoopStats.groups(new Counters()).forEach((group, members) -> told.put(group, List.copyOf(members.keySet())));
        assertEquals(documented.toString(), told.toString());
    }

    @Test
    void eachCounterAndEachGaugeStandsOnItsOwn() {
        Counters counters = new Counters();
        long next = 1;
        for (Counter counter : Counter.values()) {
            counters.add(counter, next++);
        }
        for (Gauge gauge : Gauge.values()) {
            counters.show(gauge, next++);
        }
        List<Long> shown = new ArrayList<>();
        LoopStats.groups(counters).values().forEach(members -> shown.addAll(members.values()));
        assertEquals(Counter.values().length + Gauge.values().length, shown.size());
        assertEquals(shown.size(), Set.copyOf(shown).size());
    }

    @Test
    void eachNameIsOneWordInCamelCase() {
        LoopStats.groups(new Counters()).values().forEach(members -> assertEquals(List.of(),
                members.keySet().stream().filter(name -> !name.matches("[a-z]+([A-Z][a-z]+)*")).toList()));
    }

    @Test
    void theTotalIsTheSumOfTheLoops() {
        Counters first = new Counters();
        Counters second = new Counters();
        first.add(Counter.PACKETS_IN, 3);
        second.add(Counter.PACKETS_IN, 4);
        second.show(Gauge.SESSIONS_OPEN, 5);
        Map<String, Counters> loops = new LinkedHashMap<>();
        loops.put("tun-0", first);
        loops.put("tun-1", second);
        Map<String, Object> report = LoopStats.report(loops);
        assertEquals(7L, member(member(report, "total"), "packets").get("in"));
        assertEquals(5L, member(member(report, "total"), "sessions").get("open"));
        assertEquals(List.of("tun-0", "tun-1"), ((List<?>) report.get("loops")).stream()
                .map(loop -> ((Map<?, ?>) loop).get("name")).toList());
    }

    @Test
    void withoutALoopTheTotalIsZeros() {
        Map<String, Object> report = LoopStats.report(Map.of());
        assertEquals(List.of("total", "loops"), List.copyOf(report.keySet()));
        assertEquals(LoopStats.groups(new Counters()), report.get("total"));
        assertFalse(report.get("total").toString().matches(".*[1-9].*"));
    }
}
