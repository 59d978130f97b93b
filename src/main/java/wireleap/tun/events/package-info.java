/**
 * What has happened to the daemon, for those who want to be told: {@link wireleap.tun.events.Event} and the bounded
 * {@link wireleap.tun.events.EventLog}.
 *
 * <p>Any platform thread publishes and is never held up; readers wait on virtual threads of their own. May import {@code
 * policy}.
 */
package wireleap.tun.events;
