import java.io.IOException;
import java.io.OutputStream;
import java.lang.classfile.ClassElement;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * usage: java Reframe.java JAR RESULT
 *
 * Copies a jar and gives classes of the formats before Java 6 the present one with stack maps (JVMS section 4.7.4),
 * nothing else. The AOT cache takes no classes without: they would be loaded and verified anew at each start.
 */
final class Reframe {
    private static final int FIRST_WITH_STACK_MAPS = ClassFile.JAVA_6_VERSION;

    private final ClassFile format;

    private Reframe(Path jar) throws IOException {
        URLClassLoader classes = new URLClassLoader(new URL[] {jar.toUri().toURL()});
        format = ClassFile.of(ClassFile.StackMapsOption.GENERATE_STACK_MAPS,
                ClassFile.ConstantPoolSharingOption.NEW_POOL,
                ClassFile.ClassHierarchyResolverOption.of(ClassHierarchyResolver.ofResourceParsing(classes)));
    }

    public static void main(String[] args) throws IOException {
        Path jar = Path.of(args[0]);
        Reframe reframe = new Reframe(jar);
        try (JarFile in = new JarFile(jar.toFile());
                OutputStream file = Files.newOutputStream(Path.of(args[1]));
                ZipOutputStream out = new ZipOutputStream(file)) {
            for (JarEntry entry : in.stream().toList()) {
                byte[] bytes = in.getInputStream(entry).readAllBytes();
                out.putNextEntry(new ZipEntry(entry.getName()));
                out.write(entry.getName().endsWith(".class") ? reframe.present(bytes) : bytes);
            }
        }
    }

    private byte[] present(byte[] bytes) {
        ClassModel model = format.parse(bytes);
        if (model.majorVersion() >= FIRST_WITH_STACK_MAPS) {
            return bytes;
        }
        ClassTransform code = ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL);
        return format.transformClass(model, code.andThen(Reframe::withVersion));
    }

    private static void withVersion(ClassBuilder built, ClassElement element) {
        if (element instanceof ClassFileVersion) {
            built.withVersion(ClassFile.JAVA_8_VERSION, 0);
        } else {
            built.with(element);
        }
    }
}
