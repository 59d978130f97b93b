package wireleap.tun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** src/build/Unroll.java: what it makes of a class does as before. */
class UnrollTest {
    /** A component of each type that compares in its own way, and a switch over types that tries some twice. */
    public record Sample(boolean a, byte b, char c, short d, int e, long f, float g, double h, String i) {
        public static String choose(Object value) {
            return switch (value) {
                case null -> "nothing";
                case String text when text.length() > 3 -> "long text";
                case CharSequence text -> "text";
                case Integer number -> "number";
                default -> "other";
            };
        }
    }

    static final List<Object> VALUES =
            List.of(true, (byte) 1, 'c', (short) 2, 3, 4L << 33 | 4, Float.NaN, 0.0, "text");
    static final List<Object> OTHERS =
            List.of(false, (byte) -1, 'C', (short) -2, -3, 4L << 32 | 4, 0.0F, -0.0, "Text");
    static final List<Integer> COMPONENTS = List.of(0, 1, 2, 3, 4, 5, 6, 7, 8);
    static final List<Object> CHOSEN = List.of("text", "txt", new StringBuilder("text"), 1, 1L);

    @TempDir
    private static Path directory;
    private static URLClassLoader loader;
    private static Class<?> unrolled;

    @BeforeAll
    static void unroll() throws Exception {
        Path jar = directory.resolve("sample.jar");
        Path result = directory.resolve("result.jar");
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(jar));
                InputStream sample = UnrollTest.class.getResourceAsStream("UnrollTest$Sample.class")) {
            out.putNextEntry(new ZipEntry(Sample.class.getName().replace('.', '/') + ".class"));
            sample.transferTo(out);
        }
        URL classes = UnrollTest.class.getProtectionDomain().getCodeSource().getLocation();
        Process unroll = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--class-path", Path.of(classes.toURI()).toString(),
                "src/build/Unroll.java", jar.toString(), result.toString()).redirectErrorStream(true).start();
        String said = new String(unroll.getInputStream().readAllBytes());
        assertEquals(0, unroll.waitFor(), said);
        loader = new URLClassLoader(new URL[] {result.toUri().toURL()}, null);
        unrolled = loader.loadClass(Sample.class.getName());
        assertNotSame(Sample.class, unrolled);
    }

    @AfterAll
    static void close() throws IOException {
        loader.close();
    }

    private static Object sample(List<Object> values) throws ReflectiveOperationException {
        return unrolled.getConstructors()[0].newInstance(values.toArray());
    }

    @Test
    void nothingIsLeftToBootstrapsButTheText() throws IOException {
        try (InputStream in = loader.getResourceAsStream(Sample.class.getName().replace('.', '/') + ".class")) {
            List<String> left = ClassFile.of().parse(in.readAllBytes()).methods().stream()
                    .filter(method -> method.code().orElseThrow().elementStream()
                            .anyMatch(InvokeDynamicInstruction.class::isInstance))
                    .map(method -> method.methodName().stringValue()).toList();
            assertEquals(List.of("toString"), left);
        }
    }

    @Test
    void recordsOfEqualComponentsAreEqual() throws ReflectiveOperationException {
        assertEquals(sample(VALUES), sample(VALUES));
        assertEquals(sample(VALUES).hashCode(), sample(VALUES).hashCode());
    }

    @ParameterizedTest
    @FieldSource("COMPONENTS")
    void recordsThatDifferInOneComponentAreNotEqual(int component) throws ReflectiveOperationException {
        Object[] changed = VALUES.toArray();
        changed[component] = OTHERS.get(component);
        assertNotEquals(sample(VALUES), sample(Arrays.asList(changed)));
        assertNotEquals(sample(VALUES).hashCode(), sample(Arrays.asList(changed)).hashCode());
    }

    @Test
    void anAbsentComponentEqualsOnlyAnotherOne() throws ReflectiveOperationException {
        Object[] values = VALUES.toArray();
        values[values.length - 1] = null;
        assertEquals(sample(Arrays.asList(values)), sample(Arrays.asList(values)));
        assertNotEquals(sample(Arrays.asList(values)), sample(VALUES));
    }

    @Test
    void nothingOfAnotherClassIsEqual() throws ReflectiveOperationException {
        assertFalse(sample(VALUES).equals(null));
        assertFalse(sample(VALUES).equals("text"));
    }

    @ParameterizedTest
    @FieldSource("CHOSEN")
    void switchesChooseAsBefore(Object value) throws ReflectiveOperationException {
        assertEquals(Sample.choose(value), unrolled.getMethod("choose", Object.class).invoke(null, value));
    }

    @Test
    void switchesKnowNull() throws ReflectiveOperationException {
        assertEquals("nothing", unrolled.getMethod("choose", Object.class).invoke(null, (Object) null));
    }
}
