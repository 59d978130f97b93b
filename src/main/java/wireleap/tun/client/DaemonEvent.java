package wireleap.tun.client;

import java.util.Map;

/**
 * Something that happened to the daemon.
 *
 * @param id by which a later listener can go on behind it; see {@link BypassClient#events(String)}
 * @param name {@code state}, {@code bypass}, {@code repaired}, {@code upstream}, or {@code lost}: some were missed. GET
 *     /openapi.json says what each has; more may come
 * @param data its members, as JSON has them
 */
public record DaemonEvent(String id, String name, Map<String, Object> data) {
}
