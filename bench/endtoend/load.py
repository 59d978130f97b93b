"""
Flows whose every byte is checked: python3 load.py serve PORT, or carry ADDRESS PORT SECONDS in another namespace.

A connection begins with what is wanted, "U" or "D", a seed and a length. "U": the client sends so many bytes of the seed's
stream, the server answers their SHA-256. "D": the server sends them, then ends. A datagram comes back as it was sent.
`carry` prints one line of JSON: what was carried, and everything that was wrong with it.
"""
import hashlib
import json
import random
import socket
import struct
import sys
import threading
import time

REQUEST = struct.Struct("!cIQ")
BLOCK = 1 << 20
PIECE = 1 << 18
TIMEOUT_SECONDS = 60
BULK_FLOWS = 3          # in each direction
SHORT_FLOWS = 4         # one after the other, each of a few KB
DATAGRAM_BYTES = (1, 100, 1200, 1472, 2000)   # the SOCKS server carries 2,048 with its header


def pieces(seed, length):
    """The bytes of a seed: one block again and again, shifted by a byte each time so that no piece passes for another."""
    block = random.Random(seed).randbytes(BLOCK)
    block = memoryview(block + block[:PIECE])
    at = 0
    while length > 0:
        count = min(PIECE, length)
        yield block[at:at + count]
        length -= count
        at = (at + PIECE + 1) % BLOCK


def receive(connection, length, digest):
    """Takes so many bytes, or fewer if the stream ends before: how many."""
    left = length
    buffer = bytearray(PIECE)
    while left > 0:
        count = connection.recv_into(buffer, min(PIECE, left))
        if count == 0:
            break
        digest.update(memoryview(buffer)[:count])
        left -= count
    return length - left


def expected(seed, length):
    digest = hashlib.sha256()
    for piece in pieces(seed, length):
        digest.update(piece)
    return digest.digest()


def serve_stream(connection):
    with connection:
        connection.settimeout(TIMEOUT_SECONDS)
        try:
            request = connection.recv(REQUEST.size, socket.MSG_WAITALL)
            if len(request) < REQUEST.size:
                return
            kind, seed, length = REQUEST.unpack(request)
            if kind == b"U":
                digest = hashlib.sha256()
                receive(connection, length, digest)
                connection.sendall(digest.digest())
            else:
                for piece in pieces(seed, length):
                    connection.sendall(piece)
        except OSError:
            pass  # the client knows


def serve_datagrams(port):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as server:
        server.bind(("::", port))
        while True:
            datagram, client = server.recvfrom(1 << 16)
            server.sendto(datagram, client)


def serve(port):
    threading.Thread(target=serve_datagrams, args=(port,), daemon=True).start()
    with socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=1024) as server:
        while True:
            connection, _ = server.accept()
            threading.Thread(target=serve_stream, args=(connection,), daemon=True).start()


class Load:
    def __init__(self, address, port, seconds):
        self.target = (address, port)
        self.end = time.monotonic() + seconds
        self.lock = threading.Lock()
        self.done = {"up": 0, "down": 0, "connections": 0, "datagrams": 0, "datagrams_lost": 0}
        self.wrong = []

    def add(self, key, count):
        with self.lock:
            self.done[key] += count

    def note(self, what):
        with self.lock:
            self.wrong.append(what)

    def flow(self, kind, seed, length):
        with socket.create_connection(self.target, timeout=TIMEOUT_SECONDS) as connection:
            connection.sendall(REQUEST.pack(kind, seed, length))
            if kind == b"U":
                for piece in pieces(seed, length):
                    connection.sendall(piece)
                answer = connection.recv(32, socket.MSG_WAITALL)
                count = length
            else:
                digest = hashlib.sha256()
                count = receive(connection, length, digest)
                answer = digest.digest()
        if count != length or answer != expected(seed, length):
            self.note(f"a flow of {length} bytes, {kind.decode()}, seed {seed}: {count} bytes came, or others")
        self.add("up" if kind == b"U" else "down", length)
        self.add("connections", 1)

    def flows(self, kinds, least, most, number):
        chance = random.Random(number)
        while time.monotonic() < self.end:
            kind, seed, length = chance.choice(kinds), chance.getrandbits(32), chance.randint(least, most)
            try:
                self.flow(kind, seed, length)
            except OSError as failure:
                self.note(f"a flow of {length} bytes, {kind.decode()}: {failure}")
                time.sleep(0.1)

    def datagrams(self, number):
        chance = random.Random(number)
        family = socket.AF_INET6 if ":" in self.target[0] else socket.AF_INET
        while time.monotonic() < self.end:
            with socket.socket(family, socket.SOCK_DGRAM) as client:
                client.settimeout(0.5)
                client.connect(self.target)
                sent = set()
                for _ in range(200):
                    sent.add(chance.randbytes(chance.choice(DATAGRAM_BYTES)))
                for datagram in sent:
                    self.datagram(client, datagram, sent)

    def datagram(self, client, datagram, sent):
        """What comes back may be late, or another's answer never come; but nothing comes that was never sent here."""
        try:
            client.send(datagram)
            came = client.recv(1 << 16)
        except OSError:
            self.add("datagrams_lost", 1)
            return
        self.add("datagrams", 1)
        if came not in sent:
            self.note(f"{len(came)} bytes came back that were never sent, when {len(datagram)} were")

    def carry(self):
        threads = []
        for i in range(BULK_FLOWS):
            for kind in (b"U", b"D"):
                threads.append(threading.Thread(target=self.flows, args=([kind], 1 << 20, 256 << 20, len(threads))))
        for i in range(SHORT_FLOWS):
            threads.append(threading.Thread(target=self.flows, args=([b"U", b"D"], 0, 20_000, len(threads))))
        threads.append(threading.Thread(target=self.datagrams, args=(len(threads),)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(json.dumps({**self.done, "wrong": self.wrong}))


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]))
    else:
        Load(sys.argv[2], int(sys.argv[3]), float(sys.argv[4])).carry()
