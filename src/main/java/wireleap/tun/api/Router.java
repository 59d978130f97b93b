package wireleap.tun.api;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which paths and methods there are, and who answers. Filled at the start; then any thread. */
final class Router {
    private static final Logger LOG = LoggerFactory.getLogger(Router.class);
    private static final List<String> METHODS = List.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE");

    /** Answers the requests of one method and path; may block. */
    @FunctionalInterface
    interface Handler {
        Answer answer(Request request) throws HttpException, InterruptedException;
    }

    private final Map<String, Map<String, Handler>> resources = new LinkedHashMap<>();

    /**
     * Says who answers.
     *
     * @param path of one resource, or ending in '/': of all below it
     * @param method GET serves HEAD too
     */
    Router on(String method, String path, Handler handler) {
        resources.computeIfAbsent(path, any -> new LinkedHashMap<>()).put(method, handler);
        return this;
    }

    /** Who answers a request; an HttpException when nobody does, whatever its body says. */
    Handler find(Head head) throws HttpException {
        Map<String, Handler> resource = resource(head.target().path());
        Handler handler = resource.get(head.isHead() ? "GET" : head.method());
        if (handler == null) {
            String allowed = String.join(", ", allowed(resource.keySet()));
            throw new HttpException(Status.METHOD_NOT_ALLOWED, "the methods here are " + allowed)
                    .with("Allow", allowed);
        }
        boolean reads = resource.get("GET") == handler;
        if (head.target().query().isPresent() && !reads) {
            throw HttpException.bad("nothing here takes a query: leave the ? and what follows away");
        }
        return handler;
    }

    private Map<String, Handler> resource(String path) throws HttpException {
        for (var resource : resources.entrySet()) {
            String known = resource.getKey();
            boolean below = known.endsWith("/") && path.startsWith(known) && path.length() > known.length();
            if (below || path.equals(known) && !known.endsWith("/")) {
                return resource.getValue();
            }
        }
        throw new HttpException(Status.NOT_FOUND, "the resources are " + resources.keySet().stream()
                .map(known -> known.endsWith("/") ? known + "..." : known).collect(Collectors.joining(", ")));
    }

    private static List<String> allowed(Set<String> methods) {
        Set<String> all = new TreeSet<>(methods);
        if (methods.contains("GET")) {
            all.add("HEAD");
        }
        return METHODS.stream().filter(all::contains).toList();
    }

    /** The answer to a request: whatever happens, one that the client can read. */
    Answer answer(Request request) {
        try {
            return find(request.head()).answer(request);
        } catch (HttpException e) {
            return e.response();
        } catch (InterruptedException e) {
            return Response.error(Status.UNAVAILABLE, "the daemon is stopping");
        } catch (RuntimeException e) {
            LOG.error("{} failed, which is a fault of this program: {}", request.head(), e.toString());
            LOG.debug("where it failed", e);
            return Response.error(Status.INTERNAL_ERROR, "a fault of this program: " + e);
        }
    }
}
