package wireleap.tun;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import wireleap.tun.cli.ConfigException;
import wireleap.tun.fuzz.Input;
import wireleap.tun.fuzz.Stopwatch;
import wireleap.tun.fuzz.Target;

/** The value of {@code --upstream}; no resolver is asked. */
public final class UpstreamTarget implements Target {
    @Override
    public void run(Input input, Stopwatch watch) throws IOException {
        String text = new String(input.rest(), StandardCharsets.UTF_8);
        watch.begin();
        try {
            UpstreamAddress.parse(text, UpstreamTarget::literal).toString();
        } catch (ConfigException | IOException refused) {
            refused.getMessage();
        }
        watch.end();
    }

    private static InetAddress literal(String host, String text) throws UnknownHostException {
        try {
            return InetAddress.ofLiteral(host.startsWith("[") ? host.substring(1, host.length() - 1) : host);
        } catch (IllegalArgumentException e) {
            throw new UnknownHostException(host + " in " + text);
        }
    }
}
