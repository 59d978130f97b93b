"""The daemon under test: how it is started, and its API over the Unix socket."""
import http.client
import json
import os
import socket
import time

from .net import Failed

PATIENCE_SECONDS = 20
POLL_SECONDS = 0.001


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Daemon:
    """A running daemon that says "active". Knows how long that took, in milliseconds from exec."""

    def __init__(self, net, launcher, upstream):
        self.socket = os.path.join(net.directory, "wireleap_tun.sock")
        began = time.monotonic()
        self.process = net.start(net.inside["daemon"], launcher, "run", "--upstream", upstream, "--socket", self.socket)
        self.answers_ms = self._await(began, lambda state: True)
        self.active_ms = self._await(began, lambda state: state == "active")

    def _await(self, began, good):
        while time.monotonic() < began + PATIENCE_SECONDS and self.process.alive():
            try:
                if good(self.request("GET", "/state")["state"]):
                    return (time.monotonic() - began) * 1000
            except OSError:
                pass
            time.sleep(POLL_SECONDS)
        raise Failed(f"the daemon did not become active: {self.process.last_words()}")

    def request(self, method, path, value=None):
        """The answer's JSON."""
        connection = UnixConnection(self.socket)
        try:
            connection.request(method, path, None if value is None else json.dumps(value))
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        if response.status != 200:
            raise Failed(f"{method} {path}: {response.status} {body.decode(errors='replace')}")
        return json.loads(body)

    def stop(self):
        self.process.stop()
