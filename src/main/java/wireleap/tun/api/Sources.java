package wireleap.tun.api;

import java.util.Map;
import java.util.function.Supplier;
import wireleap.tun.events.EventLog;

/**
 * Where the API has from what it tells, but for the bypass list. All of it is asked by any thread.
 *
 * @param state what GET /state answers: maps, lists, strings, numbers and booleans
 * @param stats what GET /stats answers, likewise
 * @param events what GET /events tells of; closed by who made it, and its listeners' streams end then
 * @param flows what GET /flows lists
 * @param explainer what GET /explain asks
 */
public record Sources(Supplier<Map<String, Object>> state, Supplier<Map<String, Object>> stats, EventLog events,
        FlowSource flows, RouteExplainer explainer) {
}
