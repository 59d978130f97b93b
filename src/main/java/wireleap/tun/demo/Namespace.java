package wireleap.tun.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import wireleap.tun.os.linux.Netns;

/**
 * A network namespace of its own, and the one platform thread that moved into it (network_namespaces(7)). Sockets made,
 * processes and threads started on that thread live there. It has no name and goes with the last of them.
 */
public final class Namespace implements AutoCloseable {
    private final ExecutorService thread;
    private final Set<Process> processes = ConcurrentHashMap.newKeySet();
    private Path path;

    private Namespace(String name) {
        thread = Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name(name).factory());
    }

    /**
     * Makes an empty namespace: its loopback is down.
     *
     * @param name of the thread; the namespace has none
     * @throws IOException when the kernel does not permit it
     */
    public static Namespace open(String name) throws IOException, InterruptedException {
        var namespace = new Namespace(name);
        try {
            namespace.path = namespace.call(() -> {
                Netns.enterNew();
                return Files.readSymbolicLink(Path.of("/proc/thread-self"));
            });
        } catch (IOException | RuntimeException e) {
            namespace.close();
            throw e;
        }
        return namespace;
    }

    /** Where other processes and threads find the namespace while its thread lives. */
    public Path path() {
        return Path.of("/proc").resolve(path).resolve("ns/net");
    }

    /** Runs a task on the namespace's thread and waits for it. Not to be called from that thread. */
    public <T> T call(Callable<T> task) throws IOException, InterruptedException {
        try {
            return thread.submit(task).get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException io -> throw io;
                case RuntimeException runtime -> throw runtime;
                case Error error -> throw error;
                default -> throw new IOException(e.getCause());
            }
        }
    }

    /** Runs a task on a new thread in the namespace. */
    public <T> Future<T> fork(Callable<T> task) throws IOException, InterruptedException {
        var future = new FutureTask<>(task);
        call(() -> Thread.ofPlatform().daemon().start(future));
        return future;
    }

    /** Starts a process in the namespace; it is ended with the namespace at the latest. */
    public Process start(ProcessBuilder builder) throws IOException, InterruptedException {
        var process = call(builder::start);
        processes.add(process);
        process.onExit().thenAccept(processes::remove);
        return process;
    }

    /** Kills what was started here, with its children, and lets the thread go. */
    @Override
    public void close() {
        for (var process : processes) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().onExit().join();
        }
        thread.shutdown();
    }
}
