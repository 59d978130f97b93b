package wireleap.tun.os.linux;

import static wireleap.tun.os.linux.gen.Linux.AF_UNIX;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * The address of a Unix socket, unix(7): a path, or an abstract name, which has a zero byte before it.
 *
 * <pre>
 * struct sockaddr_un { sa_family_t sun_family; char sun_path[108]; };
 * </pre>
 *
 * <p>The sizes stand here for the reason that {@link SockAddr} gives.
 *
 * @param memory the struct, which lives as long as the arena it was made in
 * @param length how many of its bytes count, 3..110
 */
record UnixAddress(MemorySegment memory, int length) {
    static final int BYTES = 110;
    static final int PATH_OFFSET = 2;
    private static final char ABSTRACT = '@';

    /**
     * Makes one.
     *
     * @param name a path, or @ and an abstract name
     * @throws IllegalArgumentException if it is too long, or of an abstract name there is none
     */
    static UnixAddress of(String name, Arena arena) {
        byte[] path = name.getBytes(StandardCharsets.UTF_8);
        boolean isAbstract = !name.isEmpty() && name.charAt(0) == ABSTRACT;
        if (path.length < (isAbstract ? 2 : 1) || path.length >= BYTES - PATH_OFFSET) {
            throw new IllegalArgumentException("no Unix socket is named '" + name + "'");
        }
        MemorySegment address = arena.allocate(BYTES, Short.BYTES);
        address.set(ValueLayout.JAVA_SHORT, SockAddr.FAMILY_OFFSET, (short) AF_UNIX());
        MemorySegment.copy(path, 0, address, ValueLayout.JAVA_BYTE, PATH_OFFSET, path.length);
        if (isAbstract) {
            address.set(ValueLayout.JAVA_BYTE, PATH_OFFSET, (byte) 0);
        }
        return new UnixAddress(address, PATH_OFFSET + path.length);
    }
}
