package wireleap.tun.os;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import wireleap.tun.os.linux.LinuxSys;
import wireleap.tun.os.linux.gen.Linux;
import wireleap.tun.testing.HeapAllocation;

class SysTest {
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment memory = arena.allocate(64);

    @TempDir
    Path directory;

    @AfterEach
    void close() {
        arena.close();
    }

    static Stream<String> boundFunctions() {
        return Arrays.stream(Linux.class.getMethods()).map(Method::getName)
                .filter(name -> name.endsWith("$descriptor")).map(name -> name.replace("$descriptor", ""));
    }

    @ParameterizedTest
    @MethodSource("boundFunctions")
    void everyBoundFunctionFitsTheOneShape(String function) throws Exception {
        var descriptor = (FunctionDescriptor) Linux.class.getMethod(function + "$descriptor").invoke(null);
        assertTrue(descriptor.argumentLayouts().size() <= 6, descriptor.toString());
        assertTrue(descriptor.argumentLayouts().stream().allMatch(SysTest::isIntegerOrPointer), descriptor.toString());
        MemoryLayout result = descriptor.returnLayout().orElseThrow();
        assertEquals(function.equals("mmap"), result instanceof AddressLayout);
        assertTrue(isIntegerOrPointer(result), descriptor.toString());
    }

    private static boolean isIntegerOrPointer(MemoryLayout layout) {
        return layout instanceof ValueLayout.OfInt || layout instanceof ValueLayout.OfLong
                || layout instanceof AddressLayout;
    }

    @ParameterizedTest
    @MethodSource("boundFunctions")
    void everyBoundFunctionHasItsMethod(String function) {
        Set<String> methods = Stream.of(Sys.class, LinuxSys.class).flatMap(type -> Arrays.stream(type.getMethods()))
                .map(Method::getName).map(String::toLowerCase).collect(Collectors.toSet());
        assertTrue(methods.contains(function.replace("_", "")), function);
    }

    /** One that does not exist would be passed over in silence. */
    @Test
    void thePackagedOptionsKeepTheCallByItself() throws IOException {
        String options = Files.readString(Path.of("src", "main", "dist", "lib", "java.options"));
        assertTrue(options.contains("=dontinline," + Sys.class.getName() + "::call\n"));
        assertTrue(Arrays.stream(Sys.class.getMethods()).anyMatch(method -> method.getName().equals("call")));
    }

    @Test
    void aFailedCallIsMinusItsErrno() {
        assertEquals(-Linux.EBADF(), Sys.read(-1, memory, 0, 1));
    }

    @Test
    void errnoBelongsToTheThreadThatCalled() throws InterruptedException {
        int[] other = new int[1];
        Thread thread = Thread.ofPlatform().start(() -> other[0] = Sys.open("/absent", Linux.O_RDONLY(), 0));
        thread.join();
        assertEquals(-Linux.ENOENT(), other[0]);
        assertEquals(-Linux.EBADF(), Sys.close(-1));
    }

    @Test
    void bytesWrittenAreReadBack() throws IOException {
        Path file = directory.resolve("bytes");
        memory.setString(0, "0123456789");
        try (Fd fd = Fd.of("open", Sys.open(file.toString(), Linux.O_WRONLY() | Linux.O_CREAT(), 0600))) {
            assertEquals(5, Sys.write(fd.number(), memory, 3, 5));
        }
        assertEquals("34567", Files.readString(file));
    }

    @Test
    void partsAreWrittenInOrderAndEmptyOnesLeftOut() throws IOException {
        Path file = directory.resolve("parts");
        memory.setString(0, "0123456789");
        IoVec parts = new IoVec(arena, 2).add(memory, 8, 2).add(memory, 64, 0).add(memory, 0, 1);
        try (Fd fd = Fd.of("open", Sys.open(file.toString(), Linux.O_WRONLY() | Linux.O_CREAT(), 0600))) {
            assertEquals(3, Sys.writev(fd.number(), parts));
        }
        assertEquals("890", Files.readString(file));
    }

    @Test
    void aVectorRefusesMorePartsThanItHasRoomFor() {
        IoVec parts = new IoVec(arena, 1).add(memory, 0, 1);
        assertThrows(IndexOutOfBoundsException.class, () -> parts.add(memory, 0, 1));
    }

    @Test
    void aSliceBeyondItsMemoryIsNotGivenToTheKernel() {
        assertThrows(IndexOutOfBoundsException.class, () -> Sys.read(0, memory, 60, 5));
    }

    @Test
    void memoryOnTheHeapIsNotGivenToTheKernel() {
        assertThrows(IllegalArgumentException.class, () -> Sys.write(1, MemorySegment.ofArray(new byte[1]), 0, 1));
    }

    @Test
    void mappedMemoryIsGivenBack() {
        long address = Sys.mmap(1 << 20, Linux.PROT_READ() | Linux.PROT_WRITE(),
                Linux.MAP_PRIVATE() | Linux.MAP_ANONYMOUS(), -1, 0);
        assertTrue(address > 0, () -> Errno.text((int) -address));
        assertEquals(0, Sys.munmap(address, 1 << 20));
    }

    @Test
    void mmapTellsItsErrno() {
        assertEquals(-Linux.EBADF(), Sys.mmap(4096, 0, Linux.MAP_PRIVATE(), -1, 0));
    }

    @Test
    void aCallOnAVirtualThreadIsAnError() throws InterruptedException {
        Throwable[] thrown = new Throwable[1];
        Thread thread = Thread.ofVirtual().start(() -> {
            try {
                Sys.geteuid();
            } catch (AssertionError e) {
                thrown[0] = e;
            }
        });
        thread.join();
        assertTrue(thrown[0] instanceof AssertionError);
    }

    @Test
    void callsAllocateNothingOnTheHeapWhenWarm() throws IOException {
        IoVec parts = new IoVec(arena, 2);
        try (Fd fd = Fd.of("open", Sys.open("/dev/null", Linux.O_RDWR(), 0))) {
            int number = fd.number();
            assertEquals(0, HeapAllocation.leastOf(200, () -> {
                for (int i = 0; i < 10_000; i++) {
                    Sys.read(number, memory, 0, 64);
                    Sys.writev(number, parts.clear().add(memory, 0, 8).add(memory, 8, 8));
                    Sys.recv(number, memory, 0, 64, 0); // fails: the way of an errno
                }
            }));
        }
    }
}
