/**
 * What is to be bypassed and which routes and rules say so to the kernel: immutable values and pure functions.
 *
 * <p>Lives here: {@link wireleap.tun.policy.IpPrefix} and its text, {@link wireleap.tun.policy.BypassSet} and the
 * edits of it, {@code RoutePlan} with its difference to what was observed, {@code Repair} of what others changed. Any thread may use all of it; nothing here
 * blocks, reads a clock or keeps state. Imports nothing of this project.
 */
package wireleap.tun.policy;
