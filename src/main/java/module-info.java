/** The daemon, its commands and the Java client of its bypass API. */
module wireleap.tun {
    requires com.fasterxml.jackson.jr.ob;
    requires info.picocli;
    requires jdk.net;
    requires org.apache.httpcomponents.core5.httpcore5;
    requires org.apache.httpcomponents.core5.httpcore5.h2;
    requires org.slf4j;

    exports wireleap.tun.client;
}
