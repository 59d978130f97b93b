/**
 * What tests share: what they need of the machine ({@code NeedsRoot}, {@code NeedsTun}, {@code NeedsProgram}),
 * network namespaces of their own ({@code TestNet}), the packaged daemon ({@code Daemon}), proxies and servers.
 *
 * <p>Everything here runs on threads of its own that moved to a namespace; nothing touches the machine's own network.
 * May import {@code os}, {@code client} and {@code demo} of the program.
 */
package wireleap.tun.testing;
