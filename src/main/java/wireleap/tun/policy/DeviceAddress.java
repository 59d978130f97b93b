package wireleap.tun.policy;

/**
 * An address of a device, never tentative (IFA_F_NODAD).
 *
 * @param device which has it
 * @param address a single address
 * @param prefixLength of the network that it is in, as written: 0..32, 0..128
 */
public record DeviceAddress(Device device, IpPrefix address, int prefixLength) implements Claim {
    @Override
    public Family family() {
        return Family.of(address);
    }

    @Override
    public String object() {
        return "address";
    }

    @Override
    public String words() {
        return address + "/" + prefixLength + " dev " + device.name() + (family() == Family.IPV6 ? " nodad" : "");
    }

    @Override
    public int rank() {
        return 3;
    }
}
