"""What the commands need, and how the C programs are made."""
import os
import shlex
import shutil
import subprocess

from .net import Failed

SOURCES = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "src")
PROGRAMS = (("ip", "iproute2"), ("ss", "iproute2"), ("sysctl", "procps"), ("iperf3", "iperf3"), ("nft", "nftables"),
            ("cc", "gcc and libc6-dev"))


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
