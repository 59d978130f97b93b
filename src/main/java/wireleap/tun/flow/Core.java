package wireleap.tun.flow;

import wireleap.tun.icmp.IcmpSender;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.SipHash;
import wireleap.tun.mem.Slab;
import wireleap.tun.upstream.Upstream;

/** What all flows of a stack share. */
final class Core {
    final StackSettings settings;
    final Slab slab;
    final Upstream upstream;
    final Counters counters;
    final TimerWheel wheel;
    final IcmpSender icmp;
    final Turn turn = new Turn();
    final HotBuffer hot;
    final DnsFlows dns;
    final Ownership ownership;
    final LoopBreaker breaker;

    Core(StackSettings settings, Slab slab, Upstream upstream, Counters counters, TimerWheel wheel, IcmpSender icmp,
         DatagramOutput datagrams, SipHash hash, Ownership ownership) {
        this.settings = settings;
        this.slab = slab;
        this.upstream = upstream;
        this.counters = counters;
        this.wheel = wheel;
        this.icmp = icmp;
        this.ownership = ownership;
        this.hot = new HotBuffer(slab, DownDirection.BYTES_A_TURN);
        this.breaker = new LoopBreaker(settings.loopWatch(), hash);
        this.dns = new DnsFlows(this, datagrams, hash);
    }
}
