/** The Java client, against the daemon's own server in the same process and against servers that misbehave. */
package wireleap.tun.client;
