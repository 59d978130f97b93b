"""The daemon's API over its Unix socket."""
import http.client
import json
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


class Api:
    def __init__(self, path):
        self.path = path

    def await_state(self, began, process, good):
        """Milliseconds since `began` when the daemon said a state that is good."""
        while time.monotonic() < began + PATIENCE_SECONDS and process.alive():
            try:
                if good(self.request("GET", "/state")["state"]):
                    return (time.monotonic() - began) * 1000
            except OSError:
                pass
            time.sleep(POLL_SECONDS)
        raise Failed(f"the daemon did not become active: {process.last_words()}")

    def request(self, method, path, value=None):
        """The answer's JSON."""
        connection = UnixConnection(self.path)
        try:
            connection.request(method, path, None if value is None else json.dumps(value))
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        if response.status != 200:
            raise Failed(f"{method} {path}: {response.status} {body.decode(errors='replace')}")
        return json.loads(body)
