"""
What carries traffic: the daemon, the yardsticks and the rivals. An Engine is a program and how it is configured, each
rival as its own documentation says for a TUN to a SOCKS5 proxy; a Way is a running one.
"""
import json
import os
import re
import shutil
import subprocess
import time

from .daemon import Api
from .net import SERVER_4, SERVER_6, Failed, run

SOCKS_PORT = 1080
BROKER_PORT = 13490
TALK_PORT = 7000
PATIENCE_SECONDS = 20
POLL_SECONDS = 0.002
FIRST_RELAY_PORT = 5301
UPSTREAMS = ("socks5", "direct", "h2c")
RELAY = "relay"
OURS = "wireleap_tun"
HEV = "hev-socks5-tunnel"
ORIGINAL = "wireleap_tun-original"


def launch(net, binaries, engine, inside, upstream):
    """
    An engine's Way, which carries: of a tunnel, a client that was there before has got a byte through it, and the Way
    knows how many milliseconds after exec.
    """
    if not engine.tunnel:
        return engine.launch(net, inside, upstream)
    client = subprocess.Popen(["ip", "netns", "exec", net.insides[inside], f"{binaries}/talk", "first", SERVER_4,
                               str(TALK_PORT)], stdout=subprocess.PIPE, text=True)
    way = None
    try:
        way = engine.launch(net, inside, upstream)
        until = time.monotonic() + PATIENCE_SECONDS
        while client.poll() is None:
            way.check()
            if time.monotonic() > until:
                raise Failed(f"{engine.name} carries nothing: {way.processes[-1].last_words()}")
            time.sleep(POLL_SECONDS)
    except Failed:
        if way:
            way.stop()
        raise
    finally:
        client.kill()
        told, _ = client.communicate()
    way.first_ms = json.loads(told)["nanos"] / 1e6 - way.began * 1e3
    return way


def await_listener(namespace, port):
    for _ in range(500):
        if run("ip", "netns", "exec", namespace, "ss", "-Hltn", f"sport = :{port}"):
            return
        time.sleep(0.01)
    raise Failed(f"nobody listens at port {port}")


class Way:
    """A running engine in its inside, and how a client there uses it."""

    prefix = ()     # of the client's command
    device = None   # of a TUN that all packets pass

    def __init__(self, net, inside):
        self.net = net
        self.inside = inside
        self.namespace = net.insides[inside]
        self.processes = []

    def start(self, *command, environment=None):
        self.began = time.monotonic()
        self.processes.append(self.net.start(self.namespace, *command, environment=environment))
        return self.processes[-1]

    def client(self, *command):
        """The command of a client in this inside."""
        return ["ip", "netns", "exec", self.namespace, *self.prefix, *command]

    def reach(self, family, port):
        """Where a client connects to, to get to a server's port."""
        return (SERVER_4 if family == 4 else SERVER_6), port

    def cpu_seconds(self):
        """User and system time so far; None where no process stands between client and SOCKS server."""
        if not self.processes:
            return None
        return tuple(map(sum, zip(*(process.cpu_seconds() for process in self.processes))))

    def resident_mb(self):
        return sum(process.resident_mb() for process in self.processes)

    def check(self):
        for process in self.processes:
            if not process.alive():
                raise Failed(f"{os.path.basename(process.command[0])} has ended: {process.last_words()}")

    def stop(self):
        for process in self.processes:
            process.stop()


class Engine:
    """A program under this name; to be found as `program`, or in PATH."""

    upstreams = ("socks5",)
    tunnel = True  # carries all of a machine's traffic, datagrams too

    def __init__(self, name, program=None):
        self.name = name
        self.program = shutil.which(program or name)

    def version(self):
        return self._first_line("--version")

    def _first_line(self, *arguments):
        done = subprocess.run([self.program, *arguments], capture_output=True, text=True)
        lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        return next((line for line in lines if "ersion" in line), lines[0] if lines else "")


class RelayWay(Way):
    def __init__(self, net, inside, program, through):
        super().__init__(net, inside)
        self.program, self.through = program, through
        self.ports = {}

    def reach(self, family, port):
        server = SERVER_4 if family == 4 else SERVER_6
        if (server, port) not in self.ports:
            own = FIRST_RELAY_PORT + len(self.ports)
            self.start(self.program, str(own), server, str(port), *self.through)
            await_listener(self.namespace, own)
            self.ports[server, port] = own
        return ("127.0.0.1" if family == 4 else "::1"), self.ports[server, port]


class Relay(Engine):
    """The limit: src/relay.c, one process for each target."""

    upstreams = ("socks5", "direct")
    tunnel = False

    def version(self):
        return "src/relay.c"

    def launch(self, net, inside, upstream):
        through = [] if upstream == "direct" else [net.gateway(inside), str(SOCKS_PORT)]
        return RelayWay(net, inside, self.program, through)


class Kernels(Engine):
    """Two kernels with nothing between them but a cable, on which packets are lost: what their TCP makes of that."""

    upstreams = ("direct",)
    tunnel = False

    def version(self):
        return "two kernels over a veth"

    def launch(self, net, inside, upstream):
        way = Way(net, inside)
        way.device = "veth0"
        return way


class Application(Engine):
    """The application speaks SOCKS5 by itself, by means of proxychains4: no tunnel, no process in between."""

    tunnel = False

    def version(self):
        return "proxychains4"

    def launch(self, net, inside, upstream):
        way = Way(net, inside)
        configuration = os.path.join(net.directory, f"proxychains-{inside}.conf")
        with open(configuration, "w") as out:
            out.write(f"strict_chain\n[ProxyList]\nsocks5 {net.gateway(inside)} {SOCKS_PORT}\n")
        way.prefix = (self.program, "-q", "-f", configuration)
        return way


class Ours(Engine):
    """The daemon as packaged, with no option but its upstream (and those of a variant)."""

    upstreams = UPSTREAMS

    def __init__(self, name, launcher, options=()):
        super().__init__(name, launcher)
        self.options = options

    def version(self):
        return " ".join([subprocess.run([self.program, "version"], capture_output=True, text=True).stdout.strip(),
                         *self.options])

    def launch(self, net, inside, upstream):
        way = Way(net, inside)
        way.device = "wltun0"
        uri = {"direct": "direct", "socks5": f"socks5://{net.gateway(inside)}:{SOCKS_PORT}",
               "h2c": f"h2c://{net.gateway(inside)}:{BROKER_PORT}/broker"}[upstream]
        way.api = Api(os.path.join(net.directory, f"{inside}.sock"))
        process = way.start(self.program, "run", "--upstream", uri, "--socket", way.api.path, *self.options)
        way.answers_ms = way.api.await_state(way.began, process, lambda state: True)
        way.active_ms = way.api.await_state(way.began, process, lambda state: state == "active")
        return way


class Original(Engine):
    """Wireleap's own daemon, started as its controller starts it, by root: the setuid bit has nothing to add then."""

    upstreams = ("h2c",)

    def version(self):
        built = re.search(r"^\tmod\t(\S+)\t(\S+)", run("go", "version", "-m", self.program), re.M)
        return " ".join(built.groups()) if built else "in PATH"

    def launch(self, net, inside, upstream):
        way = Way(net, inside)
        way.device = "tun0"
        home = os.path.join(net.directory, f"wireleap-{inside}")
        os.mkdir(home)
        program = shutil.copy(self.program, os.path.join(home, "wireleap_tun"))  # it makes its socket beside itself
        process = way.start(program, environment={
            "WIRELEAP_HOME": home, "WIRELEAP_ADDR_H2C": f"{net.gateway(inside)}:{BROKER_PORT}/broker",
            "WIRELEAP_ADDR_TUN": "10.13.49.0:13492"})
        Api(f"{program}.sock").await_state(way.began, process, lambda state: state == "active")
        return way


class Rival(Engine):
    """What makes a TUN "tun0"; who does not lead the default routes into it by itself has it done here."""

    routes_itself = False

    def launch(self, net, inside, upstream):
        way = Way(net, inside)
        way.device = "tun0"
        self.prepare(way)
        way.start(self.program, *self.arguments(way, net.gateway(inside)))
        if not self.routes_itself:
            self._route(way)
        return way

    def prepare(self, way):
        """What its documentation says to do before it is started."""

    def write(self, way, text):
        path = os.path.join(way.net.directory, f"{self.name}-{way.inside}.conf")
        with open(path, "w") as out:
            out.write(text)
        return path

    def _route(self, way):
        began = time.monotonic()
        while time.monotonic() < began + PATIENCE_SECONDS:
            way.check()
            try:
                run("ip", "-n", way.namespace, "route", "replace", "default", "dev", way.device)
                run("ip", "-n", way.namespace, "-6", "route", "replace", "default", "dev", way.device)
                return
            except Failed:
                time.sleep(POLL_SECONDS)
        raise Failed(f"{self.name} makes no {way.device}: {way.processes[-1].last_words()}")


class Hev(Rival):
    """README and conf/main.yml of hev-socks5-tunnel: their values, "udp: udp" included."""

    def arguments(self, way, server):
        return [self.write(way, f"""tunnel:
  name: {way.device}
  mtu: 8500
  multi-queue: false
  ipv4: 198.18.0.1
  ipv6: 'fc00::1'
socks5:
  port: {SOCKS_PORT}
  address: {server}
  udp: 'udp'
""")]


class SingBox(Rival):
    """
    Its manual on the TUN inbound: auto_route, strict_route, and auto_redirect, which it always recommends on Linux and
    which leads TCP past the TUN, by redirection to a listener of its own. Without: all through the TUN.
    """

    routes_itself = True

    def __init__(self, name, redirect):
        super().__init__(name, "sing-box")
        self.redirect = redirect

    def version(self):
        return self._first_line("version") + (", auto_redirect" if self.redirect else "")

    def arguments(self, way, server):
        if self.redirect:
            way.device = None
        return ["run", "-c", self.write(way, json.dumps({
            "log": {"level": "warn"},
            "inbounds": [{"type": "tun", "interface_name": "tun0",
                          "address": ["172.19.0.1/30", "fdfe:dcba:9876::1/126"],
                          "auto_route": True, "auto_redirect": self.redirect, "strict_route": True}],
            "outbounds": [{"type": "socks", "server": server, "server_port": SOCKS_PORT, "version": "5"}],
            "route": {"auto_detect_interface": True},
        }))]


class Tun2socks(Rival):
    """The examples of its wiki for Linux: a TUN made before, an address of 198.18.0.0/15."""

    def prepare(self, way):
        ip = ("ip", "-n", way.namespace)
        run(*ip, "link", "del", way.device, check=False)  # of the one before, which it outlives
        run(*ip, "tuntap", "add", "mode", "tun", "dev", way.device)
        run(*ip, "addr", "add", "198.18.0.1/15", "dev", way.device)
        run(*ip, "addr", "add", "fc00::1/64", "dev", way.device, "nodad")
        run(*ip, "link", "set", "dev", way.device, "up")

    def arguments(self, way, server):
        return ["--device", way.device, "--proxy", f"socks5://{server}:{SOCKS_PORT}", "--interface", "veth0",
                "--loglevel", "warn"]


class Tun2proxy(Rival):
    """Its README: --setup does all."""

    routes_itself = True

    def arguments(self, way, server):
        return ["--setup", "--tun", way.device, "--proxy", f"socks5://{server}:{SOCKS_PORT}", "--ipv6-enabled",
                "--verbosity", "warn"]


def engines(launcher, binaries, variants):
    """All there are, in the order in which they take their turns. Absent ones have no program."""
    return [Relay(RELAY, os.path.join(binaries, "relay")), Kernels("kernels", "ip"),
            Application("application", "proxychains4"),
            Ours(OURS, launcher), *(Ours(name, launcher, options) for name, options in variants),
            Original(ORIGINAL), Hev(HEV), SingBox("sing-box", True), SingBox("sing-box-tun", False),
            Tun2socks("tun2socks"), Tun2proxy("tun2proxy", "tun2proxy-bin")]
