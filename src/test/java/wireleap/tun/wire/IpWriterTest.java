package wireleap.tun.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class IpWriterTest {
    private static final long FD00 = 0xfd00_0000_0000_0000L;
    private static final long DOC = 0x2001_0db8_0000_0000L;

    private final MemorySegment memory = Arena.ofAuto().allocate(64);
    private final IpWriter writer = new IpWriter();

    private IpWriter ipv4(int protocol) {
        return writer.between(0, Hex.ipv4(1, 2, 3, 4), 0, Hex.ipv4(10, 13, 49, 0), protocol);
    }

    private IpWriter ipv6(int protocol) {
        return writer.between(DOC, 5, FD00, 1, protocol);
    }

    @Test
    void anIpv4HeaderIsThatOfScapy() {
        ipv4(6).write(memory, 4, 1_000);
        // IP(src="1.2.3.4",dst="10.13.49.0",id=0,flags="DF",ttl=64,proto=6,len=20+1000)
        assertEquals("450003fc000040004006f7e9010203040a0d3100", Hex.text(memory, 4, writer.headerBytes()));
    }

    @Test
    void anIpv6HeaderIsThatOfScapy() {
        ipv6(17).write(memory, 4, 1_000);
        // IPv6(src="2001:db8::5",dst="fd00::1",nh=17,plen=1000)
        assertEquals("6000000003e8114020010db8000000000000000000000005fd000000000000000000000000000001",
                Hex.text(memory, 4, writer.headerBytes()));
    }

    @Test
    void anIpv4FragmentHeaderIsThatOfScapy() {
        ipv4(17).writeFragment(memory, 0, 1_480, 1_480, true, 0xdeadbeef);
        // IP(src="1.2.3.4",dst="10.13.49.0",id=0xbeef,flags="MF",frag=185,ttl=64,proto=17,len=20+1480)
        assertEquals("450005dcbeef20b940115656010203040a0d3100",
                Hex.text(memory, 0, writer.fragmentHeaderBytes()));
    }

    @Test
    void anIpv6FragmentHeaderIsThatOfScapy() {
        ipv6(17).writeFragment(memory, 0, 1_448, 1_448, true, 0xdeadbeef);
        // IPv6(src="2001:db8::5",dst="fd00::1",plen=8+1448)/IPv6ExtHdrFragment(offset=181,m=1,id=0xdeadbeef,nh=17)
        assertEquals("6000000005b02c4020010db8000000000000000000000005fd000000000000000000000000000001"
                + "110005a9deadbeef", Hex.text(memory, 0, writer.fragmentHeaderBytes()));
    }

    @Test
    void theLastFragmentSaysThatNoneFollows() {
        ipv4(17).writeFragment(memory, 0, 7, 1_480, false, 1);
        IpPacket packet = new IpPacket();
        packet.parse(memory, 0, 27);
        assertEquals("1480 false", packet.fragmentOffset() + " " + packet.moreFragments());
    }
}
