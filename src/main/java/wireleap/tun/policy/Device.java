package wireleap.tun.policy;

/**
 * A network device.
 *
 * @param index the kernel's number for it, 1 and up
 * @param name at most 15 characters
 */
public record Device(int index, String name) {
}
