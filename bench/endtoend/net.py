"""Network namespaces of the benchmark's own, and the processes that run in them. All of it is gone at the end."""
import os
import signal
import subprocess
import sys

PREFIX = "wlbench"
SERVER_4 = "198.51.100.1"
SERVER_6 = "2001:db8:1::1"
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
SYSCTLS = (
    "net.ipv4.ip_local_port_range=10000 65535",  # tens of thousands of connections a turn; servers listen below
    "net.ipv4.tcp_tw_reuse=1",
    "net.ipv4.conf.all.rp_filter=0",
    "net.ipv4.conf.default.rp_filter=0",
)


class Failed(Exception):
    """Something that was to be measured did not work; says what in one line."""


def run(*command, check=True):
    done = subprocess.run(command, capture_output=True, text=True)
    if check and done.returncode != 0:
        raise Failed(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


class Process:
    """A program in a namespace; it ends with the Net."""

    def __init__(self, namespace, command, log, environment):
        self.command = command
        self.log = log
        with open(log, "ab") as out:
            self.popen = subprocess.Popen(["ip", "netns", "exec", namespace, *command], stdin=subprocess.DEVNULL,
                                          stdout=out, stderr=out, start_new_session=True,
                                          env=os.environ | (environment or {}))

    @property
    def pid(self):
        return self.popen.pid

    def alive(self):
        return self.popen.poll() is None

    def cpu_seconds(self):
        """User and system time so far, of all threads."""
        with open(f"/proc/{self.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return int(fields[11]) / TICKS_A_SECOND, int(fields[12]) / TICKS_A_SECOND

    def resident_mb(self):
        """VmRSS now, in millions of bytes."""
        with open(f"/proc/{self.pid}/status") as status:
            for line in status:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024 / 1e6
        raise Failed(f"{self.command[0]} has no memory")

    def stop(self):
        if self.alive():
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(10)
            except subprocess.TimeoutExpired:
                self.popen.kill()
        self.popen.wait()

    def words(self):
        with open(self.log, errors="replace") as log:
            return log.read().strip()

    def last_words(self):
        return self.words()[-1000:]


class Net:
    """
    "Inside" namespaces, alike, one an engine and upstream, since an engine captures all that is sent from its
    namespace; each has a veth into the "outside" one, where the servers are:

        inside 0  10.99.0.2, fd99:0::2  ------  10.99.0.1, fd99:0::1  outside   198.51.100.1, 2001:db8:1::1
        inside 1  10.99.1.2, fd99:1::2  ------  10.99.1.1, fd99:1::1

    The servers' addresses answer an inside only where it goes "direct": of the others, nothing can pass the engine by.
    """

    def __init__(self, directory):
        self.directory = directory
        self.insides = []
        self.outside = f"{PREFIX}-{os.getpid()}-out"
        self.processes = []

    def __enter__(self):
        try:
            remove_orphans()
            self._add_namespace(self.outside)
            run("ip", "-n", self.outside, "addr", "add", f"{SERVER_4}/32", "dev", "lo")
            run("ip", "-n", self.outside, "addr", "add", f"{SERVER_6}/128", "dev", "lo", "nodad")
        except Failed:
            self.__exit__()
            raise
        return self

    def _add_namespace(self, namespace):
        run("ip", "netns", "add", namespace)
        run("ip", "-n", namespace, "link", "set", "lo", "up")
        for setting in SYSCTLS:
            run("ip", "netns", "exec", namespace, "sysctl", "-qw", setting)

    def add_inside(self, direct):
        """Another inside: its number, by which the methods below know it."""
        number = len(self.insides)
        namespace = f"{PREFIX}-{os.getpid()}-{number}"
        self.insides.append(namespace)
        self._add_namespace(namespace)
        run("ip", "-n", namespace, "link", "add", "veth0", "type", "veth", "peer", "name", f"veth{number}", "netns",
            self.outside)
        for where, device, host in ((namespace, "veth0", 2), (self.outside, f"veth{number}", 1)):
            run("ip", "-n", where, "addr", "add", f"10.99.{number}.{host}/24", "dev", device)
            run("ip", "-n", where, "addr", "add", f"fd99:{number}::{host}/64", "dev", device, "nodad")
            run("ip", "-n", where, "link", "set", device, "up")
        run("ip", "-n", namespace, "route", "add", "default", "via", f"10.99.{number}.1")
        run("ip", "-n", namespace, "-6", "route", "add", "default", "via", f"fd99:{number}::1")
        if not direct:
            for family, server, cable in (("-4", SERVER_4, f"10.99.{number}.0/24"),
                                          ("-6", SERVER_6, f"fd99:{number}::/64")):
                run("ip", "-n", self.outside, family, "rule", "add", "from", server, "to", cable, "blackhole")
        return number

    def gateway(self, number):
        """The outside's address on an inside's cable: where it finds the SOCKS server."""
        return f"10.99.{number}.1"

    def start(self, namespace, *command, environment=None):
        log = os.path.join(self.directory, f"{len(self.processes)}-{os.path.basename(command[0])}.log")
        process = Process(namespace, list(command), log, environment)
        self.processes.append(process)
        return process

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.stop()
        for namespace in (*self.insides, self.outside):
            run("ip", "netns", "del", namespace, check=False)


def remove_orphans():
    """Namespaces of a benchmark that was killed before it could remove them."""
    for line in run("ip", "netns", "list").splitlines():
        name = line.split()[0]
        parts = name.split("-")
        if parts[0] == PREFIX and len(parts) == 3 and not os.path.exists(f"/proc/{parts[1]}"):
            print(f"removing {name}, left by a benchmark that was killed", file=sys.stderr)
            run("ip", "netns", "del", name, check=False)
