package wireleap.tun.os.linux.netlink;

/** Something to ask of the kernel: one message. */
@FunctionalInterface
public interface NetlinkRequest {
    /** Writes exactly one message, at most {@link #MAX_BYTES} long, without NLM_F_ACK. */
    void writeTo(NetlinkWriter out);

    /** No message here comes near it. */
    int MAX_BYTES = 512;
}
