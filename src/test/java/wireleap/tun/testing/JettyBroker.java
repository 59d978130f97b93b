package wireleap.tun.testing;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.http2.ErrorCode;
import org.eclipse.jetty.http2.api.Stream;
import org.eclipse.jetty.http2.api.server.ServerSessionListener;
import org.eclipse.jetty.http2.frames.DataFrame;
import org.eclipse.jetty.http2.frames.HeadersFrame;
import org.eclipse.jetty.http2.frames.ResetFrame;
import org.eclipse.jetty.http2.server.RawHTTP2ServerConnectionFactory;
import org.eclipse.jetty.io.RateControl;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;

/**
 * A broker as Wireleap's is to its client (BROKER.md), with Jetty's HTTP/2 server. A program with the arguments of
 * {@code src/test/go/broker}: where to listen, and the port to which a flow ends with an error status behind the first
 * bytes that its target says.
 */
public final class JettyBroker implements ServerSessionListener {
    private static final String FAILURE = "{\"code\":502,\"description\":\"circuit is broken\",\"origin\":\"test\"}";
    private static final int BUFFER_BYTES = 64 << 10;
    private static final int DIAL_MILLIS = 5000;
    /** As Go's. */
    private static final int MAX_STREAMS = 250;
    private static final long IDLE_MILLIS = 600_000;

    private final String brokenPort;

    private JettyBroker(String brokenPort) {
        this.brokenPort = brokenPort;
    }

    /** Says "listening" when it does, and runs until it is killed. */
    public static void main(String[] arguments) throws Exception {
        var http2 = new RawHTTP2ServerConnectionFactory(new HttpConfiguration(), new JettyBroker(arguments[1]));
        http2.setMaxConcurrentStreams(MAX_STREAMS);
        http2.setInputBufferSize(BUFFER_BYTES);
        http2.setStreamIdleTimeout(IDLE_MILLIS);
        http2.setRateControlFactory(new RateControl.Factory() { }); // none: a crowd that hangs up is no attack
        var server = new Server();
        var connector = new ServerConnector(server, 1, 1, http2);
        InetSocketAddress at = address(arguments[0]);
        connector.setHost(at.getHostString());
        connector.setPort(at.getPort());
        connector.setIdleTimeout(IDLE_MILLIS);
        server.addConnector(connector);
        server.start();
        System.out.println("listening");
    }

    /** Of "host:port", IPv6 in brackets. */
    private static InetSocketAddress address(String text) {
        int colon = text.lastIndexOf(':');
        return new InetSocketAddress(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
    }

    @Override
    public Stream.Listener onNewStream(Stream stream, HeadersFrame frame) {
        var flow = new Flow(stream, (MetaData.Request) frame.getMetaData());
        Thread.ofVirtual().start(flow::serve);
        return flow;
    }

    /** One request: a target dialled, and the two spliced; the first end of either direction is the end of both. */
    private final class Flow implements Stream.Listener {
        private final Stream stream;
        private final MetaData.Request request;
        private final Semaphore available = new Semaphore(0);
        private volatile boolean ended;
        private volatile boolean failed;
        private boolean answered;

        Flow(Stream stream, MetaData.Request request) {
            this.stream = stream;
            this.request = request;
        }

        @Override
        public void onDataAvailable(Stream from) {
            available.release();
        }

        @Override
        public void onReset(Stream from, ResetFrame frame, Callback callback) {
            fail(callback);
        }

        @Override
        public void onFailure(Stream from, int error, String reason, Throwable failure, Callback callback) {
            fail(callback);
        }

        private void fail(Callback callback) {
            failed = true;
            available.release();
            callback.succeeded();
        }

        void serve() {
            try {
                boolean isOurs = request.getMethod().equals("PUT") && request.getHttpURI().getPath().equals("/broker")
                        && "tun".equals(field("wl-forwarder"));
                if (isOurs) {
                    splice();
                } else {
                    headers(404, true);
                }
            } catch (IOException | ExecutionException | InterruptedException e) {
                stream.reset(new ResetFrame(stream.getId(), ErrorCode.CANCEL_STREAM_ERROR.code), Callback.NOOP);
            }
        }

        private String field(String name) {
            return request.getHttpFields().get(name);
        }

        private void splice() throws IOException, ExecutionException, InterruptedException {
            boolean breaks = field("wl-dial-target").endsWith(":" + brokenPort);
            try (ByteChannel far = dial()) {
                Thread.ofVirtual().start(() -> up(far));
                down(far, breaks);
            } catch (IOException e) {
                if (failed || answered && !ended) {
                    throw e;
                }
            }
            end(breaks);
        }

        private ByteChannel dial() throws IOException {
            InetSocketAddress target = address(field("wl-dial-target"));
            if (field("wl-dial-protocol").equals("udp")) {
                return DatagramChannel.open().connect(target);
            }
            var far = SocketChannel.open();
            far.socket().connect(target, DIAL_MILLIS);
            return far;
        }

        /** What the client says; its end is the end of all. */
        private void up(ByteChannel far) {
            try (far) {
                while (!ended) {
                    Stream.Data data = next();
                    if (data == null) {
                        return;
                    }
                    ended = data.frame().isEndStream();
                    write(far, data);
                }
            } catch (IOException | InterruptedException e) {
                // The target is gone, which the other direction sees too.
            }
        }

        private static void write(ByteChannel far, Stream.Data data) throws IOException {
            try {
                ByteBuffer bytes = data.frame().getByteBuffer();
                while (bytes.hasRemaining()) {
                    far.write(bytes);
                }
            } finally {
                data.release();
            }
        }

        /** Waits for some of the body; null: it has failed. */
        private Stream.Data next() throws InterruptedException {
            Stream.Data data = stream.readData();
            while (data == null && !failed) {
                stream.demand();
                available.acquire();
                data = stream.readData();
            }
            return data;
        }

        private void down(ByteChannel far, boolean breaks) throws IOException, ExecutionException, InterruptedException {
            var buffer = ByteBuffer.allocate(BUFFER_BYTES);
            while (far.read(buffer.clear()) >= 0) {
                if (!answered) {
                    headers(200, false);
                }
                stream.data(new DataFrame(stream.getId(), buffer.flip(), false)).get();
                if (breaks) {
                    return;
                }
            }
        }

        /** The end of the answer; an empty one if nothing was said. */
        private void end(boolean breaks) throws ExecutionException, InterruptedException {
            if (!answered) {
                headers(200, true);
            } else if (breaks) {
                var trailers = new MetaData(HttpVersion.HTTP_2, HttpFields.build().put("wl-status", FAILURE));
                stream.headers(new HeadersFrame(stream.getId(), trailers, null, true)).get();
            } else {
                stream.data(new DataFrame(stream.getId(), ByteBuffer.allocate(0), true)).get();
            }
            if (!ended) { // RFC 9113 section 8.1: the rest of the request is not wanted
                stream.reset(new ResetFrame(stream.getId(), ErrorCode.NO_ERROR.code), Callback.NOOP);
            }
        }

        private void headers(int status, boolean last) throws ExecutionException, InterruptedException {
            answered = true;
            var response = new MetaData.Response(status, null, HttpVersion.HTTP_2, HttpFields.EMPTY);
            stream.headers(new HeadersFrame(stream.getId(), response, null, last)).get();
        }
    }
}
