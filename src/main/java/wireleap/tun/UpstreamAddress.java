package wireleap.tun;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import wireleap.tun.cli.ConfigException;
import wireleap.tun.upstream.Socks5Settings;

/** The value of {@code --upstream}, understood. */
sealed interface UpstreamAddress {
    /** Straight out. */
    record Direct() implements UpstreamAddress {
        @Override
        public String toString() {
            return "direct";
        }
    }

    /**
     * A SOCKS5 proxy.
     *
     * @param text as it was typed, without user and password: for logs and state
     * @param address the host's, looked up once
     */
    record Socks5(String text, InetAddress address, Socks5Settings settings) implements UpstreamAddress {
        @Override
        public String toString() {
            return text;
        }
    }

    /** How long a server and its target may be silent while a connection is made. */
    long DIAL_TIMEOUT_NANOS = 20_000_000_000L;
    int SOCKS_PORT = 1080;
    String FORMS = "use socks5://[user:password@]HOST[:PORT] or direct";

    /** @throws ConfigException if it is neither form, or its host has no address */
    static UpstreamAddress parse(String text) {
        if (text.equals("direct")) {
            return new Direct();
        }
        URI uri;
        try {
            uri = new URI(text);
        } catch (URISyntaxException e) {
            // Not the exception's own words: they repeat the text, and a password with it.
            throw new ConfigException("--upstream cannot be read as a URI; " + FORMS
                + " (percent-encode special characters of user and password, put an IPv6 address into brackets)");
        }
        if (!"socks5".equalsIgnoreCase(uri.getScheme())) {
            throw new ConfigException("--upstream " + withoutLogin(uri, text) + ": " + FORMS);
        }
        return socks5(uri, text);
    }

    private static Socks5 socks5(URI uri, String text) {
        var shown = withoutLogin(uri, text);
        if (uri.getHost() == null) {
            throw new ConfigException("--upstream " + shown + ": host or port is missing or wrong; " + FORMS);
        }
        if (!uri.getRawPath().isEmpty() && !uri.getRawPath().equals("/") || uri.getRawQuery() != null
                || uri.getRawFragment() != null) {
            throw new ConfigException("--upstream " + shown + ": nothing may follow the port; " + FORMS);
        }
        var login = uri.getRawUserInfo() == null ? "" : uri.getRawUserInfo();
        var colon = login.indexOf(':');
        var user = decode(colon < 0 ? login : login.substring(0, colon));
        var password = colon < 0 ? "" : decode(login.substring(colon + 1));
        var address = look(uri.getHost(), shown);
        var bytes = ByteBuffer.wrap(mapped(address));
        try {
            return new Socks5(shown, address, new Socks5Settings(bytes.getLong(), bytes.getLong(),
                uri.getPort() < 0 ? SOCKS_PORT : uri.getPort(), user, password, DIAL_TIMEOUT_NANOS));
        } catch (IllegalArgumentException e) {
            throw new ConfigException("--upstream " + shown + ": " + e.getMessage());
        }
    }

    private static InetAddress look(String host, String shown) {
        try {
            return InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            throw new ConfigException("--upstream " + shown + ": the host " + host
                + " has no address (or no resolver answers yet); give an address instead of a name");
        }
    }

    private static byte[] mapped(InetAddress address) {
        var bytes = new byte[16];
        if (address instanceof Inet4Address) {
            bytes[10] = bytes[11] = (byte) 0xff;
            System.arraycopy(address.getAddress(), 0, bytes, 12, 4);
        } else {
            System.arraycopy(address.getAddress(), 0, bytes, 0, 16);
        }
        return bytes;
    }

    private static String decode(String part) {
        return URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private static String withoutLogin(URI uri, String text) {
        return uri.getRawUserInfo() == null ? text : text.replace(uri.getRawUserInfo() + "@", "");
    }
}
