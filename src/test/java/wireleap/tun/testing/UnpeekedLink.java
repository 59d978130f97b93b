package wireleap.tun.testing;

import java.lang.foreign.MemorySegment;
import wireleap.tun.upstream.Link;

/** A link that does not peek, and must not be asked to. */
public interface UnpeekedLink extends Link {
    @Override
    default boolean peeks() {
        return false;
    }

    @Override
    default int peekFrom(int position) {
        throw new AssertionError("a link that does not peek");
    }

    @Override
    default int peek(MemorySegment memory, long offset, int length) {
        throw new AssertionError("a link that does not peek");
    }

    @Override
    default int discard(int length) {
        throw new AssertionError("a link that does not peek");
    }
}
