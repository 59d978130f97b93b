package wireleap.tun.api;

import java.util.LinkedHashMap;
import java.util.Map;
import wireleap.tun.policy.IpPrefix;
import wireleap.tun.routes.RouteExplanation;
import wireleap.tun.routes.RouteRefusedException;

/** Why a new connection goes the way it goes: /explain?addr=A. */
final class ExplainResource {
    private static final String EXAMPLE = "an address is needed, such as /explain?addr=198.51.100.7";

    private final RouteExplainer explainer;

    ExplainResource(RouteExplainer explainer) {
        this.explainer = explainer;
    }

    void mount(Router router) {
        router.on("GET", "/explain", this::explain);
    }

    private Response explain(Request request) throws HttpException, InterruptedException {
        IpPrefix address = address(request.head().target().parameters());
        try {
            return Response.ok(Response.json(json(explainer.explain(address))));
        } catch (RouteRefusedException e) {
            throw new HttpException(Status.INTERNAL_ERROR, e.getMessage());
        }
    }

    private static IpPrefix address(Map<String, String> parameters) throws HttpException {
        if (parameters.size() != 1 || !parameters.containsKey("addr")) {
            throw HttpException.bad(EXAMPLE + ", and nothing else");
        }
        IpPrefix address;
        try {
            address = IpPrefix.parse(parameters.get("addr"));
        } catch (IllegalArgumentException e) {
            throw HttpException.bad("addr: " + e.getMessage());
        }
        if (!address.isAddress()) {
            throw HttpException.bad("addr: " + address + " is a network; " + EXAMPLE);
        }
        return address;
    }

    private static Map<String, Object> json(RouteExplanation told) {
        Map<String, Object> kernel = new LinkedHashMap<>();
        told.kernel().rule().ifPresent(rule -> kernel.put("rule", rule));
        told.kernel().table().ifPresent(table -> kernel.put("table", table));
        told.kernel().entry().ifPresent(entry -> kernel.put("entry", entry));
        told.kernel().device().ifPresent(device -> kernel.put("device", device));
        if (!told.kernel().problem().isEmpty()) {
            kernel.put("problem", told.kernel().problem());
        }
        Map<String, Object> plan = new LinkedHashMap<>();
        plan.put("way", told.plan().intoTun() ? "tun" : "around");
        plan.put("why", told.plan().why());
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("addr", told.address().toString());
        json.put("kernel", kernel);
        json.put("plan", plan);
        json.put("agree", told.agree());
        return json;
    }
}
