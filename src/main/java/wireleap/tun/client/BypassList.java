package wireleap.tun.client;

import java.util.List;

/**
 * A bypass list as the daemon had it at one moment.
 *
 * @param entries canonical addresses and networks in the order of insertion; unmodifiable
 * @param etag stands for this very list: see {@link BypassClient#ifMatch}
 */
public record BypassList(List<String> entries, String etag) {
    public BypassList {
        entries = List.copyOf(entries);
    }
}
