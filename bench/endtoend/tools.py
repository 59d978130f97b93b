"""What the commands need, and how the C programs are made."""
import datetime
import os
import platform
import shlex
import shutil
import subprocess

from .net import Failed, run

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
SOURCES = os.path.join(TOP, "bench", "src")
BROKER = os.path.join(TOP, "src", "test", "go", "broker", "main.go")
PROGRAMS = (("ip", "iproute2"), ("ss", "iproute2"), ("sysctl", "procps"), ("iperf3", "iperf3"), ("nft", "nftables"),
            ("cc", "gcc and libc6-dev"))
BUSY_LOAD = 0.5


def machine():
    """What this machine is, and how busy now, before anything is measured."""
    with open("/proc/cpuinfo") as info:
        models = [line.split(":", 1)[1].strip() for line in info if line.startswith("model name")]
    with open("/proc/meminfo") as info:
        gigabytes = int(info.readline().split()[1]) * 1024 / 1e9
    load = os.getloadavg()[0]
    return [f"{datetime.date.today()}, load before {load:.2f}"
            + (" (busy: these figures are no good)" if load > BUSY_LOAD else ""),
            f"{os.cpu_count()} x {models[0] if models else platform.machine()}, {gigabytes:.0f} GB, "
            f"Linux {platform.release()}"]


def missing_tools():
    """What this machine lacks, each with what to do."""
    found = []
    if os.geteuid() != 0:
        found.append("root: run it as root, for network namespaces and the TUN")
    found += [f"{program}: apt-get install {package}" for program, package in PROGRAMS if not shutil.which(program)]
    if not os.path.exists("/dev/net/tun"):
        found.append("/dev/net/tun: modprobe tun")
    return found


def compile_sources(directory):
    for name in ("socks5", "relay", "talk", "datagrams"):
        command = ["cc", "-O2", "-pthread", "-o", f"{directory}/{name}", f"{SOURCES}/{name}.c"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(f"{shlex.join(command)}: {done.stderr}")


def compile_broker(directory):
    """Wireleap's broker, as the tests have it: what it was made with; None without a Go that can (1.24 or later)."""
    done = shutil.which("go") and subprocess.run(["go", "build", "-o", f"{directory}/broker", BROKER])
    if not done or done.returncode != 0:
        return None
    return run("go", "version").strip()

