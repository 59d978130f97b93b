package wireleap.tun;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.MemberRefEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.constantpool.Utf8Entry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What a compiled class names, read from its constant pool: all of it, also what only a signature or an annotation says.
 * A constant that javac has inlined leaves no trace.
 *
 * @param name the class, as {@code java.util.Map$Entry}
 * @param classes every class that it names, itself too
 * @param members every method and field that it uses, as {@code java.lang.System.nanoTime}
 */
record ClassUses(String name, SortedSet<String> classes, SortedSet<String> members) {
    private static final Pattern IN_DESCRIPTOR = Pattern.compile("L((?:[\\w$]+/)+[\\w$]+)(?=[;<])");

    static ClassUses of(byte[] classFile) {
        ClassModel model = ClassFile.of().parse(classFile);
        SortedSet<String> classes = new TreeSet<>();
        SortedSet<String> members = new TreeSet<>();
        for (PoolEntry entry : model.constantPool()) {
            switch (entry) {
                case ClassEntry named -> classes.add(dotted(named.asInternalName()));
                case MemberRefEntry used ->
                        members.add(dotted(used.owner().asInternalName()) + "." + used.name().stringValue());
                case Utf8Entry text -> IN_DESCRIPTOR.matcher(text.stringValue()).results()
                        .forEach(found -> classes.add(dotted(found.group(1))));
                default -> { }
            }
        }
        return new ClassUses(dotted(model.thisClass().asInternalName()), classes, members);
    }

    /** All classes under a directory, without module and package descriptors. */
    static List<ClassUses> under(Path directory) throws IOException {
        try (var files = Files.walk(directory)) {
            return files.filter(file -> file.toString().endsWith(".class"))
                    .filter(file -> !file.toString().endsWith("-info.class"))
                    .map(ClassUses::read)
                    .toList();
        }
    }

    String packageName() {
        return packageOf(name);
    }

    static String packageOf(String className) {
        return className.substring(0, Math.max(0, className.lastIndexOf('.')));
    }

    private static ClassUses read(Path file) {
        try {
            return of(Files.readAllBytes(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String dotted(String internalName) {
        return internalName.replace('/', '.');
    }
}
