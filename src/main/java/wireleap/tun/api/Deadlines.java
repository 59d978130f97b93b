package wireleap.tun.api;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Closes what is late, from one platform thread: a blocked read or write of a channel knows no time-out of its own. */
final class Deadlines implements AutoCloseable {
    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1,
            Thread.ofPlatform().daemon().name("api-deadlines").factory(),
            new ThreadPoolExecutor.DiscardPolicy());           // once closed, there are no deadlines any more

    Deadlines() {
        timer.setRemoveOnCancelPolicy(true);
    }

    /** A stretch of time that ends well by being closed. */
    interface Deadline extends AutoCloseable {
        @Override
        void close();
    }

    /** Closes the resource unless the deadline is closed before so many nanoseconds have passed. */
    Deadline closing(Closeable resource, long nanos) {
        Future<?> late = timer.schedule(() -> closeQuietly(resource), nanos, TimeUnit.NANOSECONDS);
        return () -> late.cancel(false);
    }

    private static void closeQuietly(Closeable resource) {
        try {
            resource.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
