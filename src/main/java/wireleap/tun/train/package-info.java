/**
 * What the training run of {@code wireleap_tun train} puts around a daemon in place of the world: the application and
 * the kernel behind the TUN, and a proxy that answers everything itself.
 *
 * <p>Each class says which thread runs it. May import {@code tcp}, {@code wire}, {@code mem}, {@code os}, {@code
 * os.linux}, and {@code demo} for its listener; only {@code wireleap.tun} imports this package.
 */
package wireleap.tun.train;
