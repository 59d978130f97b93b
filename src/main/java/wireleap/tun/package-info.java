/**
 * The composition root: {@code Main}, the daemon and its configuration, the one place that knows the platform.
 *
 * <p>Runs on the main thread. May import every other package; no other package imports this one.
 */
package wireleap.tun;
