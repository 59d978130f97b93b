package wireleap.tun.api;

import java.nio.file.Path;
import java.util.Optional;

/**
 * How the bypass API is offered.
 *
 * @param socket the socket's path, at most 106 bytes
 * @param group that may use it besides its owner, by name or number; none: the group that a new file gets there
 * @param makeDirectory whether the socket's directory is made where it is absent, and removed at the end
 * @param version what GET /version answers
 * @param postReplaces whether POST replaces the list instead of adding to it, as Wireleap's controller 0.6.1 expects
 */
public record ApiSettings(Path socket, Optional<String> group, boolean makeDirectory, String version,
        boolean postReplaces) {
}
