"""What is outside: the SOCKS server, iperf3, the other ends of talk and datagrams, nginx where present."""
import os
import shutil

from .engines import SOCKS_PORT, TALK_PORT, await_listener
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

        self.socks = start(SOCKS_PORT, f"{binaries}/socks5", str(SOCKS_PORT))
        start(IPERF_PORT, "iperf3", "--server", "--port", str(IPERF_PORT))
        start(TALK_PORT, f"{binaries}/talk", "serve", str(TALK_PORT))
        net.start(net.outside, f"{binaries}/datagrams", "serve", str(DATAGRAM_PORT))
        if find_nginx():
            configuration = os.path.join(net.directory, "nginx.conf")
            with open(configuration, "w") as out:
                out.write(NGINX.format(directory=net.directory, port=HTTP_PORT))
            start(HTTP_PORT, find_nginx(), "-c", configuration)

    def cpu_seconds(self):
        return sum(self.socks.cpu_seconds())

    def check(self):
        if not self.socks.alive():
            raise Failed("the SOCKS server has ended")
