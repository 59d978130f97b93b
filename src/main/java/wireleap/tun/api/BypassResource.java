package wireleap.tun.api;

import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import wireleap.tun.policy.AbsentEntryException;
import wireleap.tun.policy.BypassEdit;
import wireleap.tun.policy.IpPrefix;
import wireleap.tun.policy.TooManyEntriesException;
import wireleap.tun.routes.BypassControl;
import wireleap.tun.routes.ControlUnavailableException;
import wireleap.tun.routes.PreconditionFailedException;
import wireleap.tun.routes.RouteRefusedException;

/** The bypass list, /bypass: reads it, or turns a request into one edit and waits until the kernel has it. */
final class BypassResource {
    private static final Logger LOG = LoggerFactory.getLogger(BypassResource.class);
    private static final String PATH = "/bypass";

    private final BypassControl control;
    private final boolean postReplaces;
    private volatile Rendered rendered = new Rendered("", new byte[0]);

    /** A list's JSON, made once a list: slow readers of long lists share it. */
    private record Rendered(String etag, byte[] json) {
    }

    /** @param postReplaces POST replaces the list instead of adding to it, as Wireleap's controller 0.6.1 expects */
    BypassResource(BypassControl control, boolean postReplaces) {
        this.control = control;
        this.postReplaces = postReplaces;
    }

    void mount(Router router) {
        router.on("GET", PATH, this::list)
                .on("POST", PATH, this::post)
                .on("PUT", PATH, request -> change(request, new BypassEdit.Replace(EntryReader.list(request.body()))))
                .on("PATCH", PATH, request -> change(request, EntryReader.patch(request.body())))
                .on("DELETE", PATH, request -> change(request, new BypassEdit.Clear()))
                .on("DELETE", PATH + "/", this::remove);
    }

    private Response list(Request request) {
        BypassControl.Snapshot now = control.snapshot();
        Response unchanged = Response.notModified().with("ETag", now.etag());
        return isKnown(request, now.etag()) ? unchanged : Response.ok(json(now)).with("ETag", now.etag());
    }

    /** Whether the client has this very list (If-None-Match, RFC 9110 section 13.1.2). */
    private static boolean isKnown(Request request, String etag) {
        Optional<String> tags = request.head().headers().value("If-None-Match");
        return tags.isPresent() && List.of(tags.get().replace("W/", "").split("\\s*,\\s*")).contains(etag)
                || tags.equals(Optional.of("*"));
    }

    private byte[] json(BypassControl.Snapshot now) {
        Rendered last = rendered;
        if (!last.etag().equals(now.etag())) {
            List<String> entries = now.set().entries().stream().map(IpPrefix::toString).toList();
            last = new Rendered(now.etag(), Response.json(entries));
            rendered = last;
        }
        return last.json();
    }

    private Response post(Request request) throws HttpException, InterruptedException {
        List<IpPrefix> entries = EntryReader.list(request.body());
        return change(request, postReplaces ? new BypassEdit.Replace(entries) : new BypassEdit.Add(entries));
    }

    private Response remove(Request request) throws HttpException, InterruptedException {
        return change(request, new BypassEdit.Remove(entry(request.head().target().path())));
    }

    private static IpPrefix entry(String path) throws HttpException {
        try {
            return IpPrefix.parse(path.substring(PATH.length() + 1));
        } catch (IllegalArgumentException e) {
            throw HttpException.bad(e.getMessage());
        }
    }

    private Response change(Request request, BypassEdit edit) throws HttpException, InterruptedException {
        String who = request.connection().who();
        try {
            var after = control.apply(edit, request.head().headers().value("If-Match"), who);
            return Response.done().with("ETag", after.etag());
        } catch (AbsentEntryException e) {
            throw new HttpException(Status.NOT_FOUND, e.getMessage());
        } catch (PreconditionFailedException e) {
            throw new HttpException(Status.PRECONDITION_FAILED, e.getMessage());
        } catch (TooManyEntriesException e) {
            throw new HttpException(Status.PAYLOAD_TOO_LARGE, e.getMessage());
        } catch (ControlUnavailableException e) {
            throw new HttpException(Status.UNAVAILABLE, e.getMessage());
        } catch (RouteRefusedException e) {
            LOG.warn("{} by {}: the bypass list is as before: {}", request.head(), who, e.getMessage());
            throw new HttpException(Status.INTERNAL_ERROR, e.getMessage());
        }
    }
}
