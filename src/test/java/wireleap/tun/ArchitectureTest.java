package wireleap.tun;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

import org.junit.jupiter.api.Test;

class ArchitectureTest {
    private static final Path SOURCES = Path.of("src", "main", "java");
    private static final MethodTypeDesc TO_LONG = MethodTypeDesc.of(ConstantDescs.CD_long);
    private static final ClassDesc SYSTEM = ClassDesc.of("java.lang.System");
    private static final ClassDesc METHOD_HANDLE = ClassDesc.of("java.lang.invoke.MethodHandle");

    @Test
    void everyClassKeepsToTheArrows() throws Exception {
        Path classes = Path.of(Main.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        List<String> found = ClassUses.under(classes).stream()
                .flatMap(uses -> Architecture.violations(uses).stream())
                .toList();
        assertEquals("", String.join("\n", found));
    }

    @Test
    void everyPackageSaysWhatLivesThere() throws IOException {
        try (var directories = Files.walk(SOURCES.resolve("wireleap"))) {
            List<Path> silent = directories.filter(Files::isDirectory)
                    .filter(ArchitectureTest::holdsSources)
                    .filter(directory -> !Files.exists(directory.resolve("package-info.java")))
                    .filter(directory -> !directory.endsWith("gen"))
                    .toList();
            assertEquals(List.of(), silent);
        }
    }

    @Test
    void anArrowUpwardsIsFound() {
        assertEquals(List.of("wireleap.tun.tcp.Wrong names wireleap.tun.flow.Stack: no arrow leads there"),
                violations("tcp.Wrong", code -> code.new_(ClassDesc.of("wireleap.tun.flow.Stack")).pop()));
    }

    @Test
    void anArrowThatOnlyASignatureNamesIsFound() {
        byte[] classFile = ClassFile.of().build(ClassDesc.of("wireleap.tun.wire.Wrong"), made ->
                made.withField("fd", ClassDesc.of("wireleap.tun.os.Fd"), 0));
        assertEquals(List.of("wireleap.tun.wire.Wrong names wireleap.tun.os.Fd: no arrow leads there"),
                Architecture.violations(ClassUses.of(classFile)));
    }

    @Test
    void bindingsNamedByTheRootPackageAreFound() {
        assertEquals(List.of("wireleap.tun.Wrong names wireleap.tun.os.linux.gen.iovec: no arrow leads there"),
                violations("Wrong", code -> code.new_(ClassDesc.of("wireleap.tun.os.linux.gen.iovec")).pop()));
    }

    @Test
    void aClockInTheCoreIsFound() {
        assertEquals(List.of("wireleap.tun.tcp.Wrong uses java.lang.System.nanoTime: not in the core"),
                violations("tcp.Wrong", code -> code.invokestatic(SYSTEM, "nanoTime", TO_LONG).pop2()));
    }

    @Test
    void aClockOutsideTheCoreIsAllowed() {
        assertEquals(List.of(),
                violations("loop.Right", code -> code.invokestatic(SYSTEM, "nanoTime", TO_LONG).pop2()));
    }

    @Test
    void aSocketInTheCoreIsFound() {
        assertEquals(List.of("wireleap.tun.upstream.Wrong names java.net.Socket: not in the core"),
                violations("upstream.Wrong", code -> code.new_(ClassDesc.of("java.net.Socket")).pop()));
    }

    @Test
    void aThreadInTheCoreIsFound() {
        assertEquals(List.of("wireleap.tun.mem.Wrong names java.lang.Thread: not in the core"),
                violations("mem.Wrong", code -> code.new_(ClassDesc.of("java.lang.Thread")).pop()));
    }

    @Test
    void aRandomSourceInTheCoreIsFound() {
        assertEquals(List.of("wireleap.tun.flow.Wrong names java.util.Random: not in the core"),
                violations("flow.Wrong", code -> code.new_(ClassDesc.of("java.util.Random")).pop()));
    }

    @Test
    void aDowncallOutsideSysIsFound() {
        assertEquals(List.of("wireleap.tun.os.linux.Wrong uses java.lang.invoke.MethodHandle.invokeExact: only os.Sys may"),
                violations("os.linux.Wrong", code -> code.aconst_null()
                        .invokevirtual(METHOD_HANDLE, "invokeExact", TO_LONG).pop2()));
    }

    @Test
    void aLibraryWhereItDoesNotBelongIsFound() {
        assertEquals(List.of("wireleap.tun.routes.Wrong names picocli.CommandLine: only [cli] may"),
                violations("routes.Wrong", code -> code.new_(ClassDesc.of("picocli.CommandLine")).pop()));
    }

    @Test
    void aPackageThatIsNotInTheDrawingIsFound() {
        assertEquals(List.of("wireleap.tun.util.Strings: its package has no place in Architecture.ARROWS"),
                violations("util.Strings", code -> { }));
    }

    private static List<String> violations(String name, Consumer<CodeBuilder> body) {
        byte[] classFile = ClassFile.of().build(ClassDesc.of("wireleap.tun." + name), made ->
                made.withMethodBody("run", ConstantDescs.MTD_void, ClassFile.ACC_STATIC, code -> {
                    body.accept(code);
                    code.return_();
                }));
        return Architecture.violations(ClassUses.of(classFile));
    }

    private static boolean holdsSources(Path directory) {
        String[] sources = directory.toFile().list((in, name) -> name.endsWith(".java"));
        return sources != null && sources.length > 0;
    }
}
