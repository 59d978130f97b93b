package wireleap.tun.api;

import java.io.IOException;
import java.util.List;

/** Where open flows are known. Any thread. */
@FunctionalInterface
public interface FlowSource {
    /** Begins to list them. */
    Pages pages();

    /** A listing under way; one thread. */
    interface Pages {
        /** Whether there may be more. */
        boolean hasNext();

        /**
         * Some more, or none for now.
         *
         * @throws IOException if the rest cannot be had
         */
        List<OpenFlow> next() throws IOException, InterruptedException;
    }
}
