/**
 * The command line: which commands and options there are, their help, their exit codes (0 done, 1 failed, 2 wrong
 * usage).
 *
 * <p>Runs on the main thread. Imports {@code client} (the commands speak to a running daemon by its socket) and
 * {@code policy}; what starts a daemon, a demo or a doctor is handed in as a {@link wireleap.tun.cli.Program}.
 */
package wireleap.tun.cli;
