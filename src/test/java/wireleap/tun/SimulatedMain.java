package wireleap.tun;

import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import wireleap.tun.policy.Step;

/** The program in a process of its own on a simulated machine: {@code MACHINE ARGUMENTS...}. */
final class SimulatedMain {
    private SimulatedMain() {
    }

    public static void main(String[] args) throws IOException {
        Main.start(machine(args[0]), Arrays.copyOfRange(args, 1, args.length));
    }

    private static Platform machine(String name) throws IOException {
        return switch (name) {
            case "sound" -> new FaultyPlatform();
            case "without-tun" -> FaultyPlatform.without(FaultyPlatform.Part.TUN);
            case "keeping" -> new FaultyPlatform() {
                @Override
                boolean refuses(int number, Step step) {
                    return !step.adds();
                }
            };
            case "hanging" -> new FaultyPlatform() {
                @Override
                public Tun openTun(String tun, int queues) {
                    while (true) {
                        LockSupport.park();
                    }
                }
            };
            default -> throw new IllegalArgumentException(name);
        };
    }
}
