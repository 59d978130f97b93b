/**
 * The routes and rules that this daemon owns in the kernel, and the bypass list that they say.
 *
 * <p>Lives here: {@code RouteKeeper}, whose one platform thread applies, undoes, sweeps, and puts right what others change;
 * {@code Lookout}, which says when; {@code LinuxWatch}, whose own platform thread hears of what is changed; {@link
 * wireleap.tun.routes.BypassControl}, through which others, mostly virtual threads of the API, ask it and wait; {@link
 * wireleap.tun.routes.Resolvers}, those name servers that the rules leave alone. May import {@code events}, {@code
 * policy}, {@code os} and {@code os.linux.netlink}.
 */
package wireleap.tun.routes;
