/**
 * The packaged program between two network namespaces, with real proxies and the kernel's own sockets: what a user
 * sees. Every class is a {@code *KernelTest}: run by failsafe after {@code package}, skipped by name where root or a
 * program is missing.
 */
package wireleap.tun.endtoend;
