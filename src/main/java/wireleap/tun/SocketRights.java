package wireleap.tun;

import java.io.IOException;
import java.nio.file.Path;
import wireleap.tun.os.linux.Caller;

/** With whose rights the control socket is made and removed. */
interface SocketRights {
    /** The process's own. */
    SocketRights OWN = new SocketRights() {
        @Override
        public Path place(Path socket) {
            return socket;
        }

        @Override
        public <T> T use(Caller.Action<T> action) throws IOException {
            return action.act();
        }
    };

    /** Those of the user who started this process, in the directory of that user which is open. */
    static SocketRights of(Caller caller) {
        return new SocketRights() {
            @Override
            public Path place(Path socket) {
                return caller.directory().resolve(socket.getFileName());
            }

            @Override
            public <T> T use(Caller.Action<T> action) throws IOException {
                try {
                    return caller.files(action);
                } catch (IOException e) {                // in words that the user knows
                    throw new IOException(e.getMessage().replace(caller.directory().toString(), caller.home().toString()),
                            e);
                }
            }
        };
    }

    /** The path by which a socket of that name is made. */
    Path place(Path socket);

    /** Makes or removes it. */
    <T> T use(Caller.Action<T> action) throws IOException;
}
