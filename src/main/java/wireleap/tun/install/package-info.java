/**
 * {@code install} and {@code uninstall}: the image in its place under /usr/lib, and the setuid launcher in the directory
 * of a user's Wireleap.
 *
 * <p>Runs on the main thread, as root. Imports {@code os} and {@code os.linux}.
 */
package wireleap.tun.install;
