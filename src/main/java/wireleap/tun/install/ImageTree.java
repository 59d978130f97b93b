package wireleap.tun.install;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.stream.Stream;

/** A copy of the image that nobody but root can change. */
final class ImageTree {
    private static final int OTHERS_MAY_WRITE = 022;
    private static final int PROGRAM_MODE = 0755;
    private static final int FILE_MODE = 0644;

    private ImageTree() {
    }

    /** Copies all files with their times, as root's; what stood in the place is gone afterwards. */
    static void copy(Path image, Path place) throws IOException {
        Path made = place.resolveSibling("." + place.getFileName() + ".new");
        Path old = place.resolveSibling("." + place.getFileName() + ".old");
        delete(made);
        delete(old);
        Files.walkFileTree(image, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes ignored) throws IOException {
                take(directory, made.resolve(image.relativize(directory)));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes ignored) throws IOException {
                take(file, made.resolve(image.relativize(file)));
                return FileVisitResult.CONTINUE;
            }
        });
        if (Files.exists(place, LinkOption.NOFOLLOW_LINKS)) {
            Files.move(place, old);
        }
        Files.move(made, place);
        delete(old);
    }

    /** A file, a link or an empty directory. */
    private static void take(Path from, Path to) throws IOException {
        Files.copy(from, to, StandardCopyOption.COPY_ATTRIBUTES, LinkOption.NOFOLLOW_LINKS);
        Files.setAttribute(to, "unix:uid", 0, LinkOption.NOFOLLOW_LINKS);
        Files.setAttribute(to, "unix:gid", 0, LinkOption.NOFOLLOW_LINKS);
        if (!Files.isSymbolicLink(to)) {
            boolean runs = Files.isDirectory(to) || Files.isExecutable(to);
            Files.setAttribute(to, "unix:mode", runs ? PROGRAM_MODE : FILE_MODE);
        }
    }

    /** @throws IOException naming the first of a tree and the directories above it that others than root can change */
    static void requireRoots(Path tree) throws IOException {
        for (Path above = tree.getParent(); above != null; above = above.getParent()) {
            requireRoot(above);
        }
        try (Stream<Path> all = Files.walk(tree)) {
            for (Path file : (Iterable<Path>) all::iterator) {
                requireRoot(file);
            }
        }
    }

    private static void requireRoot(Path file) throws IOException {
        var found = Files.readAttributes(file, "unix:uid,mode", LinkOption.NOFOLLOW_LINKS);
        boolean mayOthersWrite = ((Integer) found.get("mode") & OTHERS_MAY_WRITE) != 0;
        if (!found.get("uid").equals(0) || mayOthersWrite && !Files.isSymbolicLink(file)) {
            throw new IOException(file + " must be root's, and writable by nobody else: what it holds runs as root");
        }
    }

    /** With all that is in it; links are not followed. */
    static void delete(Path tree) throws IOException {
        if (!Files.exists(tree, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        List<Path> all;
        try (Stream<Path> found = Files.walk(tree)) {
            all = found.toList().reversed();
        }
        for (Path file : all) {
            Files.delete(file);
        }
    }
}
