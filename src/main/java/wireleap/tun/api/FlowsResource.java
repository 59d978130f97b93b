package wireleap.tun.api;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Semaphore;

/** The open flows, /flows: asked for and written page by page, so that neither loops nor memory feel how many they are. */
final class FlowsResource {
    private static final int LISTINGS = 4;
    private static final byte[] BEGIN = bytes("{\"flows\":[");

    private final FlowSource source;
    private final Semaphore places = new Semaphore(LISTINGS);

    FlowsResource(FlowSource source) {
        this.source = source;
    }

    void mount(Router router) {
        router.on("GET", "/flows", this::list);
    }

    private Answer list(Request request) throws HttpException {
        FlowFilter filter = FlowFilter.of(request.head().target().parameters());
        if (!places.tryAcquire()) {
            throw new HttpException(Status.UNAVAILABLE, LISTINGS
                    + " clients are having flows listed, which are the most; try again later");
        }
        return new Listing(filter);
    }

    private final class Listing implements Streaming {
        private final FlowFilter filter;
        private int listed;
        private boolean more;

        Listing(FlowFilter filter) {
            this.filter = filter;
        }

        @Override
        public String contentType() {
            return "application/json";
        }

        @Override
        public void writeTo(PieceWriter out) throws IOException, InterruptedException {
            try (var late = out.answering()) {
                out.write(BEGIN);
                for (FlowSource.Pages pages = source.pages(); pages.hasNext() && !more; ) {
                    out.write(json(pages.next()));
                }
                out.write(bytes("],\"more\":" + more + "}"));
            }
        }

        private byte[] json(List<OpenFlow> flows) {
            ByteArrayOutputStream json = new ByteArrayOutputStream();
            for (OpenFlow flow : flows) {
                if (filter.matches(flow)) {
                    more |= listed == filter.limit();
                    if (!more) {
                        json.writeBytes(listed++ == 0 ? new byte[0] : bytes(","));
                        json.writeBytes(Response.json(flow.json()));
                    }
                }
            }
            return json.toByteArray();
        }

        @Override
        public void close() {
            places.release();
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
