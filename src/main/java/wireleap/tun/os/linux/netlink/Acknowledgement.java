package wireleap.tun.os.linux.netlink;

import java.util.List;
import wireleap.tun.os.Errno;

/**
 * The kernel's answer to requests.
 *
 * @param taken how many it has looked at, from the first on: these are done but for the refused
 * @param refusals in the order of the requests; with any, the requests after {@code taken} were not sent
 */
public record Acknowledgement(int taken, List<Refusal> refusals) {
    /**
     * The answer to one request that was not done.
     *
     * @param index of the request
     * @param number the errno, above zero
     * @param words the kernel's own explanation (NLMSGERR_ATTR_MSG), or ""
     */
    public record Refusal(int index, int number, String words) {
        /** The errno by name; OTHER for one that has none. */
        public Errno errno() {
            return Errno.of(number);
        }

        /** The errno and the kernel's explanation. */
        public String text() {
            return Errno.text(number) + (words.isEmpty() ? "" : ": " + words);
        }
    }
}
