"""What is outside: the SOCKS server, the broker if it could be made, iperf3, talk, datagrams, nginx where present."""
import os
import shutil

from .engines import BROKER_PORT, SOCKS_PORT, TALK_PORT, await_listener
from .net import Failed

IPERF_PORT = 5201
FLOOD_PORT = TALK_PORT + 1
DATAGRAM_PORT = 7100
HTTP_PORT = 8080
NGINX = """\
daemon off; worker_processes 1; pid {directory}/nginx.pid; error_log stderr;
events {{ worker_connections 4096; }}
http {{
    access_log off; keepalive_requests 1000000000; keepalive_timeout 600;
    client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
    server {{ listen {port}; listen [::]:{port}; location / {{ return 200 "well, hello\\n"; }} }}
}}
"""


def find_nginx():
    return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")


class Servers:
    def __init__(self, net, binaries):
        def start(port, *command):
            process = net.start(net.outside, *command)
            await_listener(net.outside, port)
            return process

        self.proxies = [start(SOCKS_PORT, f"{binaries}/socks5", str(SOCKS_PORT))]
        if os.path.exists(f"{binaries}/broker"):
            self.proxies.append(start(BROKER_PORT, f"{binaries}/broker", f"0.0.0.0:{BROKER_PORT}"))
        start(IPERF_PORT, "iperf3", "--server", "--port", str(IPERF_PORT))
        start(TALK_PORT, f"{binaries}/talk", "serve", str(TALK_PORT))
        net.start(net.outside, f"{binaries}/datagrams", "serve", str(DATAGRAM_PORT))
        if find_nginx():
            configuration = os.path.join(net.directory, "nginx.conf")
            with open(configuration, "w") as out:
                out.write(NGINX.format(directory=net.directory, port=HTTP_PORT))
            start(HTTP_PORT, find_nginx(), "-c", configuration)

    def cpu_seconds(self):
        """Of the SOCKS server and the broker, of which one at a time is busy."""
        return sum(sum(proxy.cpu_seconds()) for proxy in self.proxies)

    def check(self):
        for proxy in self.proxies:
            if not proxy.alive():
                raise Failed(f"{os.path.basename(proxy.command[0])} has ended: {proxy.last_words()}")


class Bench:
    """What a row asks of what measures it, where that is no whole session."""

    congestion = None

    def __init__(self, net, binaries):
        self.binaries = binaries
        self.servers = Servers(net, binaries)
