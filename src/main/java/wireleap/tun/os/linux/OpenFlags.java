package wireleap.tun.os.linux;

import wireleap.tun.os.linux.gen.Linux;

/** Flags of open(2) for those who may not name the bindings. */
public final class OpenFlags {
    /** A place in the file system, not its contents: for a directory through whose descriptor its files are named. */
    public static final int PLACE = Linux.O_PATH() | Linux.O_CLOEXEC();
    /** A new file to write into; it fails if the name is taken, if only by a link. */
    public static final int NEW = Linux.O_WRONLY() | Linux.O_CREAT() | Linux.O_EXCL() | Linux.O_CLOEXEC();

    private OpenFlags() {
    }
}
