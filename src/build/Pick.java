import java.io.IOException;
import java.io.OutputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.attribute.ModuleAttribute;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.constantpool.Utf8Entry;
import java.lang.constant.ModuleDesc;
import java.lang.constant.PackageDesc;
import java.lang.reflect.AccessFlag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * usage: java Pick.java DIRECTORY CLASSES JAR...
 *
 * Makes modules in DIRECTORY of those jars, of the same names: with no more in them than CLASSES (binary names, separated
 * by commas) need, and that unchanged. jlink takes no jars that are no modules, and of a large library it ships all.
 */
final class Pick {
    /** A class in a descriptor: the constant pool may name it nowhere else. */
    private static final Pattern NAMED = Pattern.compile("L([\\w/$]+);");

    private final List<Module> modules = new ArrayList<>();

    /** A jar, what was picked of it, and the modules that this needs. */
    private record Module(Path jar, String name, Map<String, byte[]> classes, Map<String, byte[]> picked,
                          TreeSet<String> needs) {
        static Module of(Path jar) throws IOException {
            Map<String, byte[]> classes = new TreeMap<>();
            try (JarFile in = new JarFile(jar.toFile())) {
                for (JarEntry entry : in.stream().filter(e -> e.getName().endsWith(".class")).toList()) {
                    String name = entry.getName().substring(0, entry.getName().length() - ".class".length());
                    classes.put(name, in.getInputStream(entry).readAllBytes());
                }
                String name = in.getManifest().getMainAttributes().getValue("Automatic-Module-Name");
                return new Module(jar, name, classes, new TreeMap<>(), new TreeSet<>());
            }
        }

        void write(Path directory) throws IOException {
            TreeSet<String> packages = new TreeSet<>();
            picked.keySet().forEach(type -> packages.add(type.substring(0, type.lastIndexOf('/'))));
            needs.remove(name);
            byte[] descriptor = ClassFile.of().buildModule(ModuleAttribute.of(ModuleDesc.of(name), built -> {
                built.requires(ModuleDesc.of("java.base"), List.of(AccessFlag.MANDATED), null);
                needs.forEach(other -> built.requires(ModuleDesc.of(other), List.of(), null));
                packages.forEach(each -> built.exports(PackageDesc.ofInternalName(each), List.of()));
            }));
            try (OutputStream file = Files.newOutputStream(directory.resolve(jar.getFileName()));
                    ZipOutputStream out = new ZipOutputStream(file)) {
                put(out, "module-info", descriptor);
                for (Map.Entry<String, byte[]> entry : picked.entrySet()) {
                    put(out, entry.getKey(), entry.getValue());
                }
            }
        }

        private static void put(ZipOutputStream out, String name, byte[] bytes) throws IOException {
            out.putNextEntry(new ZipEntry(name + ".class"));
            out.write(bytes);
        }
    }

    public static void main(String[] args) throws IOException {
        Pick pick = new Pick();
        for (String jar : List.of(args).subList(2, args.length)) {
            pick.modules.add(Module.of(Path.of(jar)));
        }
        for (String type : args[1].replace('.', '/').split(",")) {
            pick.follow(type);
        }
        for (Module module : pick.modules) {
            module.write(Path.of(args[0]));
        }
    }

    private void follow(String first) {
        Deque<String> found = new ArrayDeque<>(List.of(first));
        while (!found.isEmpty()) {
            String type = found.pop();
            for (Module module : modules) {
                byte[] bytes = module.classes().get(type);
                if (bytes != null && module.picked().put(type, bytes) == null) {
                    List<String> named = named(bytes);
                    modules.stream().filter(other -> named.stream().anyMatch(other.classes()::containsKey))
                            .forEach(other -> module.needs().add(other.name()));
                    found.addAll(named);
                }
            }
        }
    }

    private static List<String> named(byte[] bytes) {
        List<String> named = new ArrayList<>();
        for (PoolEntry entry : ClassFile.of().parse(bytes).constantPool()) {
            if (entry instanceof ClassEntry type) {
                named.add(type.asInternalName());
            } else if (entry instanceof Utf8Entry text) {
                Matcher matcher = NAMED.matcher(text.stringValue());
                while (matcher.find()) {
                    named.add(matcher.group(1));
                }
            }
        }
        return named;
    }
}
