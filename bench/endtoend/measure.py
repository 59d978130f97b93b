"""What is measured, each by itself: one call is one turn."""
import json
import subprocess
import time

from .daemon import Daemon
from .net import SERVER_4, SERVER_6, Failed, run

IPERF_PORT = "5201"
SOCKS_PORT = "1080"
RELAY_PORT = "5301"
ENTRIES = 10_000
SETTLE_SECONDS = 2
BUSY_TRIES = 50


class Servers:
    """What is outside: iperf3, and the SOCKS server."""

    def __init__(self, net, binaries):
        self.socks = net.start(net.outside, f"{binaries}/socks5", SOCKS_PORT)
        net.start(net.outside, "iperf3", "--server", "--port", IPERF_PORT)
        for port in (SOCKS_PORT, IPERF_PORT):
            await_listener(net.outside, port)


def await_listener(namespace, port):
    for _ in range(500):
        if run("ip", "netns", "exec", namespace, "ss", "-Hltn", f"sport = :{port}"):
            return
        time.sleep(0.01)
    raise Failed(f"nobody listens at port {port}")


class Row:
    """One way of carrying bytes."""

    def __init__(self, upstream, family, direction, streams):
        self.upstream = upstream
        self.family = family
        self.direction = direction
        self.streams = streams

    @property
    def name(self):
        streams = "1 stream" if self.streams == 1 else f"{self.streams} streams"
        return f"{self.upstream}, IPv{self.family}, {self.direction}, {streams}"

    @property
    def target(self):
        return SERVER_4 if self.family == 4 else SERVER_6


def rows():
    return [Row(upstream, family, direction, streams)
            for upstream in ("socks5", "direct") for family in (4, 6)
            for direction in ("up", "down") for streams in (1, 10)]


def start_daemon(net, launcher, upstream):
    uri = "direct" if upstream == "direct" else f"socks5://{net.gateway('daemon')}:{SOCKS_PORT}"
    return Daemon(net, launcher, uri)


def start_relay(net, binaries, row):
    through = [] if row.upstream == "direct" else [net.gateway("relay"), SOCKS_PORT]
    relay = net.start(net.inside["relay"], f"{binaries}/relay", RELAY_PORT, row.target, IPERF_PORT, *through)
    await_listener(net.inside["relay"], RELAY_PORT)
    return relay


def iperf(namespace, target, port, row, seconds):
    """Bits a second that arrived, and how many billion bytes."""
    for _ in range(BUSY_TRIES):
        report = iperf_once(namespace, target, port, row, seconds)
        if "busy" not in report.get("error", ""):
            break
        time.sleep(0.1)  # the server still closes the connections of the turn before
    if "error" in report:
        raise Failed(f"{row.name}: iperf3: {report['error']}")
    received = report["end"]["sum_received"]
    return received["bits_per_second"], received["bytes"] / 1e9


def iperf_once(namespace, target, port, row, seconds):
    command = ["ip", "netns", "exec", namespace, "iperf3", "--client", target, "--port", port, "--time", str(seconds),
               "--parallel", str(row.streams), "--json"] + (["--reverse"] if row.direction == "down" else [])
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30)
    except subprocess.TimeoutExpired:
        raise Failed(f"{row.name}: iperf3 hangs")
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise Failed(f"{row.name}: iperf3 says {done.stdout[-200:]!r} {done.stderr[-200:]!r}")


def carry(net, servers, engine, namespace, target, port, row, seconds):
    """One turn: throughput, and the processor's time for a billion bytes of the engine and of the SOCKS server."""
    engine_before, server_before = engine.cpu_seconds(), servers.socks.cpu_seconds()
    bits, gigabytes = iperf(namespace, target, port, row, seconds)
    return {
        "gbits": bits / 1e9,
        "cpu": (engine.cpu_seconds() - engine_before) / gigabytes,
        "server": (servers.socks.cpu_seconds() - server_before) / gigabytes,
    }


def carry_daemon(net, servers, daemon, row, seconds):
    return carry(net, servers, daemon.process, net.inside["daemon"], row.target, IPERF_PORT, row, seconds)


def carry_relay(net, servers, binaries, row, seconds):
    relay = start_relay(net, binaries, row)
    try:
        target = "127.0.0.1" if row.family == 4 else "::1"
        return carry(net, servers, relay, net.inside["relay"], target, RELAY_PORT, row, seconds)
    finally:
        relay.stop()


def start(net, launcher):
    """Milliseconds from exec to the first answer and to "active", and the memory two seconds later."""
    daemon = start_daemon(net, launcher, "socks5")
    try:
        time.sleep(SETTLE_SECONDS)
        return {"answers": daemon.answers_ms, "active": daemon.active_ms, "resident": daemon.process.resident_mb()}
    finally:
        daemon.stop()


def entries(first_octet):
    """Half of them IPv4, half IPv6; those of different first octets have none in common."""
    half = ENTRIES // 2
    return ([f"{first_octet}.{i >> 8}.{i & 255}.0/24" for i in range(half)]
            + [f"2001:db8:{first_octet}:{i:x}::/64" for i in range(half)])


def bypass(daemon):
    """Milliseconds to add 10,000 entries to none, to put 10,000 others in their place, and to clear them."""
    result = {}
    for name, method, value, left in (("add", "POST", entries(11), ENTRIES), ("replace", "PUT", entries(12), ENTRIES),
                                      ("clear", "DELETE", None, 0)):
        began = time.monotonic()
        daemon.request(method, "/bypass", value)
        result[name] = (time.monotonic() - began) * 1000
        if len(daemon.request("GET", "/bypass")) != left:
            raise Failed(f"after {method} /bypass there are not {left} entries")
    return result
