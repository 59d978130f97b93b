"""
The questions. A Row is measured one turn at a time, by each engine after the other; a turn's figures are a dict by the
names in METRICS.
"""
import json
import os
import re
import select
import shutil
import subprocess
import time

from .engines import UPSTREAMS, Kernels, Ours
from .net import Failed, run
from .servers import DATAGRAM_PORT, FLOOD_PORT, HTTP_PORT, IPERF_PORT, TALK_PORT, find_nginx

OFFERED_MBITS = 1500
CLIENTS = 50
IDLE_FLOWS = 2000
STALLED_FLOWS = 100
ENTRIES = 10_000
SETTLE_SECONDS = 2
BUSY_TRIES = 50
LIMIT_SECONDS = 30  # beyond its own time, a client that is not done has failed


class Metric:
    """A kind of figure: its unit, digits behind the point, whether more is better."""

    def __init__(self, unit, digits, more_is_better):
        self.unit, self.digits, self.more_is_better = unit, digits, more_is_better


METRICS = {
    "gbits": Metric("Gbit/s", 2, True),
    "arrived": Metric("% arrived", 1, True),
    "cpu": Metric("CPU-s/GB", 2, False),
    "user": Metric("user CPU-s/GB", 3, False),
    "server": Metric("CPU-s/GB of the server", 2, False),
    "rate": Metric("a second", 0, True),
    "p50": Metric("us, p50", 0, False),
    "p99": Metric("us, p99", 0, False),
    "quiet": Metric("us, p99 before", 0, False),
    "answers": Metric("ms to the first answer", 0, False),
    "active": Metric('ms to "active"', 0, False),
    "first": Metric("ms to the first byte through it", 0, False),
    "idle": Metric("MB, idle", 0, False),
    "flows": Metric(f"MB, {IDLE_FLOWS:,} idle flows", 0, False),
    "stalled": Metric(f"MB, {STALLED_FLOWS} stalled bulk flows", 0, False),
    "loaded": Metric("MB", 0, False),
    "add": Metric("ms to add", 0, False),
    "replace": Metric("ms to replace", 0, False),
    "clear": Metric("ms to clear", 0, False),
}


def output(command, seconds):
    """What a client printed; it had `seconds` to work."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        raise Failed(f"no end after {seconds + LIMIT_SECONDS} s: {' '.join(command)}")
    return done.stdout, done.stderr.strip()


def answer(command, seconds):
    """The JSON that a client printed."""
    printed, complaint = output(command, seconds)
    try:
        return json.loads(printed)
    except ValueError:
        raise Failed(complaint[-200:] or f"printed {printed[-200:]!r}")


class Row:
    section = ""
    upstream = "socks5"
    tunnel_only = False
    extra_seconds = 0.7

    def supports(self, engine):
        return self.upstream in engine.upstreams and (engine.tunnel or not self.tunnel_only)

    def possible(self, way):
        """Whether this way can be asked, once it runs."""
        return True


class Bulk(Row):
    def __init__(self, upstream, family, direction, streams, loss=0):
        self.upstream, self.family, self.direction, self.streams, self.loss = upstream, family, direction, streams, loss
        self.section = "Broker" if upstream == "h2c" else "Bytes"
        self.tunnel_only = loss > 0
        words = [upstream, f"IPv{family}", direction, "1 stream" if streams == 1 else f"{streams} streams"]
        self.name = ", ".join(words + ([f"{loss} % loss"] if loss else []))

    def supports(self, engine):
        if isinstance(engine, Kernels):
            return self.loss > 0 and self.upstream == "direct"
        return super().supports(engine)

    def possible(self, way):
        return not self.loss or way.device is not None

    def measure(self, bench, way, seconds):
        if not self.loss:
            return self._carry(bench, way, seconds)
        with Loss(way, self.loss):
            return self._carry(bench, way, seconds)

    def _carry(self, bench, way, seconds):
        command = self._command(way, seconds, bench.congestion)
        spending = Spending(bench, way)
        for _ in range(BUSY_TRIES):
            report = answer(command, seconds)
            if not re.search("busy|unable to connect", report.get("error", "")):
                break
            time.sleep(0.1)  # the server still closes the connections of the turn before, or listens anew
        if "error" in report:
            raise Failed(f"iperf3: {report['error']}")
        received = [total for name, total in report["end"].items() if name.startswith("sum_received")]
        figures = {"gbits": sum(total["bits_per_second"] for total in received) / 1e9}
        return figures | spending.of(sum(total["bytes"] for total in received) / 1e9)

    def _command(self, way, seconds, congestion):
        host, port = way.reach(self.family, IPERF_PORT)
        flags = {"up": [], "down": ["--reverse"], "both": ["--bidir"]}[self.direction]
        flags += ["--congestion", congestion] if congestion else []
        return way.client("iperf3", "--client", host, "--port", str(port), "--time", str(seconds), "--json",
                          "--parallel", str(self.streams), *flags)


class Spending:
    """The processor's time of engine and server from now on."""

    def __init__(self, bench, way):
        self.bench, self.way = bench, way
        self.engine, self.server = way.cpu_seconds(), bench.servers.cpu_seconds()

    def of(self, gigabytes):
        if gigabytes == 0:
            return {}
        figures = {"server": (self.bench.servers.cpu_seconds() - self.server) / gigabytes}
        if self.engine is not None:
            user, system = (after - before for after, before in zip(self.way.cpu_seconds(), self.engine))
            figures |= {"cpu": (user + system) / gigabytes, "user": user / gigabytes}
        return figures


class Loss:
    """
    Loses packets of a device by chance, both ways. "drop" at egress would be told to the sender, which would not take it
    for a loss; what is forwarded to "lo" is gone and nobody is told.
    """

    def __init__(self, way, percent):
        self.way, self.percent = way, percent

    def __enter__(self):
        lost = f"numgen random mod 100 < {self.percent}"
        device = f'device "{self.way.device}" priority 0'
        rules = (f'table netdev loss {{\n'
                 f'chain in {{ type filter hook ingress {device}; {lost} drop; }}\n'
                 f'chain out {{ type filter hook egress {device}; {lost} fwd to "lo"; }}\n}}\n')
        path = os.path.join(self.way.net.directory, "loss.nft")
        with open(path, "w") as out:
            out.write(rules)
        run("ip", "netns", "exec", self.way.namespace, "nft", "-f", path)

    def __exit__(self, *_):
        run("ip", "netns", "exec", self.way.namespace, "nft", "delete", "table", "netdev", "loss", check=False)


class Datagrams(Row):
    section = "Bytes"
    tunnel_only = True
    extra_seconds = 1

    def __init__(self, direction, segment, mbits=OFFERED_MBITS):
        self.direction, self.segment, self.mbits = direction, segment, mbits
        self.name = f"socks5, datagrams, {direction}" + (", UDP_SEGMENT" if segment else "")

    def measure(self, bench, way, seconds):
        host, port = way.reach(4, DATAGRAM_PORT)
        spending = Spending(bench, way)
        counts = answer(way.client(f"{bench.binaries}/datagrams", "send", host, str(port), str(seconds),
                                   str(self.mbits), self.direction, *(["segment"] if self.segment else [])), seconds)
        sent, received = (counts[f"up_{what}"] + counts[f"down_{what}"] for what in ("sent", "received"))
        return {"gbits": received * 8 / seconds / 1e9, "arrived": 100 * received / max(1, sent),
                "counts": counts} | spending.of(received / 1e9)


class Talk(Row):
    """Round trips on one connection, or connections: `clients` at once."""

    section = "Answers"

    def __init__(self, name, mode, clients=None):
        self.name, self.mode, self.clients = name, mode, clients

    def measure(self, bench, way, seconds):
        host, port = way.reach(4, TALK_PORT)
        told = answer(way.client(f"{bench.binaries}/talk", self.mode, host, str(port), str(seconds),
                                 *([str(self.clients)] if self.clients else [])), seconds)
        micros = told["micros"]
        return {"rate": told["rate"], "p50": micros["50"], "p99": micros["99"], "micros": micros}


class Requests(Row):
    section = "Answers"
    name = f"HTTP keep-alive requests, {CLIENTS} connections"

    def supports(self, engine):
        return super().supports(engine) and shutil.which("wrk") and find_nginx()

    def measure(self, bench, way, seconds):
        host, port = way.reach(4, HTTP_PORT)
        printed, complaint = output(way.client("wrk", "-t1", f"-c{CLIENTS}", f"-d{seconds}", "--latency",
                                               f"http://{host}:{port}/"), seconds)
        rate = re.search(r"Requests/sec:\s*([\d.]+)", printed)
        errors = re.search(r"Socket errors: .*|Non-2xx.*", printed)
        if not rate or float(rate.group(1)) == 0 or errors:
            raise Failed(f"wrk: {errors.group(0) if errors else complaint or printed[-200:]}")
        micros = {percent: float(value) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]
                  for percent, value, unit in re.findall(r"^\s+(50|99)%\s+([\d.]+)(us|ms|s)$", printed, re.M)}
        return {"rate": float(rate.group(1)), "p50": micros["50"], "p99": micros["99"]}


class Start(Row):
    """From exec, of an engine that is started for it."""

    section = "The program"
    name = "start"
    tunnel_only = True
    seconds = 1

    def measure(self, bench, way):
        return {key: getattr(way, f"{key}_ms") for key in ("first", "answers", "active") if hasattr(way, f"{key}_ms")}


class Memory(Row):
    """Of the same."""

    section = "The program"
    name = "resident"
    tunnel_only = True
    seconds = SETTLE_SECONDS + 10

    def measure(self, bench, way):
        time.sleep(SETTLE_SECONDS)
        figures = {"idle": way.resident_mb()}
        for key, mode, port, count in (("flows", "hold", TALK_PORT, IDLE_FLOWS),
                                       ("stalled", "stall", FLOOD_PORT, STALLED_FLOWS)):
            host, port = way.reach(4, port)
            client = subprocess.Popen(way.client(f"{bench.binaries}/talk", mode, host, str(port), str(count)),
                                      stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            stand, _, _ = select.select([client.stdout], [], [], LIMIT_SECONDS)
            if stand and client.stdout.readline():
                figures[key] = way.resident_mb()
            client.kill()
            client.communicate()
        return figures


class Loaded(Row):
    """Memory when all turns of an upstream are over: what load leaves behind."""

    section = "The program"
    tunnel_only = True

    def __init__(self, upstream):
        self.upstream = upstream
        self.name = f"resident after all turns, {upstream}"


class Bypass(Row):
    """Changes of ten thousand entries while another connection's round trips are timed; a second of these before."""

    section = "The program"
    name = f"{ENTRIES:,} bypass entries, round trips meanwhile"

    def supports(self, engine):
        return isinstance(engine, Ours)

    def measure(self, bench, way, seconds):
        host, port = way.reach(4, TALK_PORT)
        ping = way.client(f"{bench.binaries}/talk", "ping", host, str(port), "1")
        figures = {"quiet": answer(ping, 1)["micros"]["99"]}
        client = subprocess.Popen(ping, stdout=subprocess.PIPE, text=True)
        for name, method, value, left in (("add", "POST", entries(11), ENTRIES),
                                          ("replace", "PUT", entries(12), ENTRIES),
                                          ("clear", "DELETE", None, 0)):
            began = time.monotonic()
            way.api.request(method, "/bypass", value)
            figures[name] = (time.monotonic() - began) * 1000
            if len(way.api.request("GET", "/bypass")) != left:
                raise Failed(f"after {method} /bypass there are not {left} entries")
        told, _ = client.communicate(timeout=LIMIT_SECONDS)
        micros = json.loads(told)["micros"]
        return figures | {"p50": micros["50"], "p99": micros["99"]}


def entries(first_octet):
    """Half of them IPv4, half IPv6; those of different first octets have none in common."""
    half = ENTRIES // 2
    return ([f"{first_octet}.{i >> 8}.{i & 255}.0/24" for i in range(half)]
            + [f"2001:db8:{first_octet}:{i:x}::/64" for i in range(half)])


def rows():
    """All, in the order of the tables."""
    bulk = [Bulk(upstream, family, direction, streams) for upstream in ("socks5", "direct") for family in (4, 6)
            for direction in ("up", "down", "both") for streams in (1, 10)]
    broker = [Bulk("h2c", 4, direction, streams) for direction in ("up", "down") for streams in (1, 10)]
    loss = [Bulk(upstream, 4, direction, 1, percent) for upstream in ("socks5", "direct") for percent in (1, 10)
            for direction in ("up", "down")]
    datagrams = [Datagrams(direction, segment) for segment in (False, True) for direction in ("up", "down", "both")]
    return [*bulk, *broker, *loss, *datagrams, Talk("round trip of one byte", "ping"),
            Talk("connections, one after the other", "connect", 1),
            Talk(f"connections, {CLIENTS} at once", "connect", CLIENTS),
            Requests(), Start(), Memory(), *map(Loaded, UPSTREAMS), Bypass()]
