package wireleap.tun.os;

/**
 * What a packet device may be given, and gives, unfinished. Where there is a virtio header its gso_type says which of
 * these a packet makes use of (virtio 1.2 section 5.1.6).
 *
 * @param virtioHeader each packet is preceded by a virtio_net_hdr of 12 bytes
 * @param checksum checksums may be left to the other side (NEEDS_CSUM)
 * @param tso4 TCP over IPv4 in segments of up to 64 KiB
 * @param tso6 TCP over IPv6 in segments of up to 64 KiB
 * @param uso UDP over IPv4 and IPv6 in trains of datagrams of one size, up to 64 KiB
 */
public record Offloads(boolean virtioHeader, boolean checksum, boolean tso4, boolean tso6, boolean uso) {
}
