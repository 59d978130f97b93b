package wireleap.tun;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.LoggerFactory;
import wireleap.tun.cli.ConfigException;
import wireleap.tun.cli.Redaction;
import wireleap.tun.h2.H2Settings;
import wireleap.tun.upstream.Socks5Settings;

/** The value of {@code --upstream}, understood. Its text never shows user or password: it is for logs and state. */
sealed interface UpstreamAddress {
    /** Straight out. */
    record Direct() implements UpstreamAddress {
        @Override
        public Optional<InetSocketAddress> server() {
            return Optional.empty();
        }

        @Override
        public String toString() {
            return "direct";
        }
    }

    /**
     * A SOCKS5 proxy.
     *
     * @param host as it was typed
     * @param address the host's, looked up once
     */
    record Socks5(String host, InetAddress address, Socks5Settings settings) implements UpstreamAddress {
        @Override
        public Optional<InetSocketAddress> server() {
            return Optional.of(new InetSocketAddress(address, settings.port()));
        }

        @Override
        public String toString() {
            return "socks5://" + host + ":" + settings.port();
        }
    }

    /**
     * Wireleap's broker, over HTTP/2 in clear text.
     *
     * @param host as it was typed
     * @param address the host's, looked up once
     * @param path of the requests
     */
    record H2c(String host, InetAddress address, int port, String path) implements UpstreamAddress {
        /** How it is spoken to; END_STREAM follows a client's FIN after so much silence. */
        H2Settings settings(long endDelayNanos) {
            ByteBuffer bytes = ByteBuffer.wrap(mapped(address));
            return new H2Settings(bytes.getLong(), bytes.getLong(), port, host + ":" + port, path, DIAL_TIMEOUT_NANOS,
                    endDelayNanos);
        }

        @Override
        public Optional<InetSocketAddress> server() {
            return Optional.of(new InetSocketAddress(address, port));
        }

        @Override
        public String toString() {
            return "h2c://" + host + ":" + port + path;
        }
    }

    /** Where connections go that carry the flows; empty: to their own targets. */
    Optional<InetSocketAddress> server();

    /** Finds the address of a host, which may be an address in text already; the option's text is for what is said. */
    @FunctionalInterface
    interface Resolver {
        InetAddress address(String host, String text) throws IOException;
    }

    /** How long a server and its target may be silent while a connection is made. */
    long DIAL_TIMEOUT_NANOS = 20_000_000_000L;
    int SOCKS_PORT = 1080;
    int MAX_PORT = 65_535;
    /** Long enough for a resolver's second server: resolv.conf(5) has 5 s for each. */
    int LOOK_UP_SECONDS = 12;
    String FORMS = "must be socks5://[user:password@]HOST[:PORT], h2c://HOST:PORT/PATH or direct";

    /**
     * Understands the option's value, and looks its host up.
     *
     * @throws ConfigException if it is none of the forms
     * @throws IOException if its host has no address, or none yet
     */
    static UpstreamAddress parse(String text) throws IOException {
        return parse(text, UpstreamAddress::addressOf);
    }

    /** The same with a resolver of the caller's choice. */
    static UpstreamAddress parse(String text, Resolver resolver) throws IOException {
        if (text.equals("direct")) {
            return new Direct();
        }
        URI uri;
        try {
            uri = new URI(text);
        } catch (URISyntaxException e) {
            // Not the exception's own words: they repeat the text, and a password with it.
            throw wrong(text, FORMS + "; special characters of user and password are percent-encoded (%40 for @), an"
                    + " IPv6 address stands in brackets");
        }
        if ("socks5".equalsIgnoreCase(uri.getScheme())) {
            return socks5(uri, text, resolver);
        }
        if ("h2c".equalsIgnoreCase(uri.getScheme())) {
            return h2c(uri, text, resolver);
        }
        throw wrong(text, FORMS);
    }

    private static H2c h2c(URI uri, String text, Resolver resolver) throws IOException {
        boolean hasServer = uri.getHost() != null && uri.getPort() > 0 && uri.getPort() <= MAX_PORT;
        if (!hasServer || uri.getRawUserInfo() != null || uri.getRawFragment() != null) {
            throw wrong(text, "a broker is h2c://HOST:PORT/PATH, such as h2c://127.0.0.1:13490/broker");
        }
        String path = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
        String target = uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery();
        if (!target.chars().allMatch(c -> c < 0x80)) {
            throw wrong(text, "letters of the path beyond ASCII are percent-encoded");
        }
        return new H2c(uri.getHost(), checked(resolver.address(uri.getHost(), text), text), uri.getPort(), target);
    }

    private static Socks5 socks5(URI uri, String text, Resolver resolver) throws IOException {
        if (uri.getHost() == null) {
            throw wrong(text, "the host is missing or host, port, user or password are malformed; " + FORMS
                    + "; special characters of user and password are percent-encoded (%40 for @)");
        }
        boolean isEmptyPath = uri.getRawPath().isEmpty() || uri.getRawPath().equals("/");
        if (!isEmptyPath || uri.getRawQuery() != null || uri.getRawFragment() != null) {
            throw wrong(text, "nothing may follow the port; " + FORMS);
        }
        try {
            settings(uri, InetAddress.getLoopbackAddress()); // all else is checked before anybody is asked for the host
        } catch (IllegalArgumentException e) {
            throw wrong(text, e.getMessage());
        }
        InetAddress address = checked(resolver.address(uri.getHost(), text), text);
        return new Socks5(uri.getHost(), address, settings(uri, address));
    }

    private static Socks5Settings settings(URI uri, InetAddress address) {
        String login = uri.getRawUserInfo() == null ? "" : uri.getRawUserInfo();
        int colon = login.indexOf(':');
        String user = decoded(colon < 0 ? login : login.substring(0, colon));
        String password = colon < 0 ? "" : decoded(login.substring(colon + 1));
        int port = uri.getPort() < 0 ? SOCKS_PORT : uri.getPort();
        ByteBuffer bytes = ByteBuffer.wrap(mapped(address));
        return new Socks5Settings(bytes.getLong(), bytes.getLong(), port, user, password, DIAL_TIMEOUT_NANOS);
    }

    private static InetAddress checked(InetAddress address, String text) {
        if (!(address instanceof Inet4Address) && address.isLinkLocalAddress()) {
            throw wrong(text, "a link-local address is not enough to reach a host; give another one of it");
        }
        return address;
    }

    private static InetAddress addressOf(String host, String text) throws IOException {
        try {
            return InetAddress.ofLiteral(host);
        } catch (IllegalArgumentException e) {
            LoggerFactory.getLogger(UpstreamAddress.class).info("looking up {}", host);
        }
        // On a thread of its own, for the C library may wait for silent resolvers much longer.
        FutureTask<InetAddress> answer = new FutureTask<>(() -> InetAddress.getByName(host));
        Thread.ofPlatform().daemon().name("look-up").start(answer);
        String failed = "--upstream " + Redaction.of(text) + ": the host " + host;
        try {
            return answer.get(LOOK_UP_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new IOException(failed + " has no address, or no resolver answers yet; an address in place of the name"
                    + " needs none", e.getCause());
        } catch (TimeoutException e) {
            throw new IOException(failed + " was looked up for " + LOOK_UP_SECONDS + " s, and no resolver has answered;"
                    + " an address in place of the name needs none", e);
        } catch (InterruptedException e) {
            throw new InterruptedIOException(failed + " was being looked up");
        }
    }

    /** The 16 bytes of an IPv6 address, or of an IPv4 one as ::ffff:a.b.c.d. */
    private static byte[] mapped(InetAddress address) {
        byte[] bytes = address.getAddress();
        return bytes.length == 16 ? bytes
                : ByteBuffer.allocate(16).putShort(10, (short) 0xffff).position(12).put(bytes).array();
    }

    /** Percent-decoded; a plus stands for itself (RFC 3986 section 2.1). */
    private static String decoded(String part) {
        return URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private static ConfigException wrong(String text, String what) {
        return new ConfigException("--upstream " + Redaction.of(text) + ": " + what);
    }
}
