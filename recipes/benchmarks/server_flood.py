"""Clients that a server would rather not have, as many as told.

In a process of its own: `python -m accel_tf.recipes.benchmarks.server_flood
URL MODEL CLIENTS SECONDS`, with a request of the signature `stream` as JSON on
its standard input. It prints what came back, as JSON.
"""

import base64
import collections
import contextlib
import json
import random
import socket
import sys
import threading
import time
import urllib.parse

_TIMEOUT = 20.0
_PIECE = 2**16


class Flood:
    """Clients in threads, of five kinds by turns.

    Half of them ask for one frame after the other as fast as they can; the
    others leave before the answer of a clip, take no answer, send a byte at a
    time, or send what is no request.

    Args:
        address: `(host, port)` of the server.
        path: of predict requests.
        inputs: of the signature `stream`, one row; dict.
        clients: how many.
        seconds: that they go on.

    Attributes:
        seen: Counter of `"kind: status"`, `"kind: closed"` and the like.
    """

    def __init__(self, address, path, inputs, clients, seconds):
        self.seen = collections.Counter()
        self._address, self._path, self._inputs = address, path, inputs
        self._clients = clients
        self._end = time.monotonic() + seconds

    def run(self):
        """Returns when the seconds are over."""
        kinds = self._gone, self._untaken, self._slow, self._rubbish
        threads = []
        for number in range(self._clients):
            kind = kinds[number // 2 % 4] if number % 2 else self._frames
            threads.append(
                threading.Thread(
                    target=self._repeat, args=(kind, number), daemon=True
                )
            )
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0, self._end - time.monotonic()) + _TIMEOUT)

    def _repeat(self, kind, number):
        generator = random.Random(number)
        name = kind.__name__.strip("_")
        while time.monotonic() < self._end:
            try:
                with socket.create_connection(self._address, _TIMEOUT) as peer:
                    for status in kind(peer, number, generator):
                        self.seen[f"{name}: {status}"] += 1
                        if time.monotonic() >= self._end:
                            break
            except OSError as error:
                self.seen[f"{name}: {type(error).__name__}"] += 1
                time.sleep(0.05)

    def _frames(self, peer, number, generator):
        data = self._request(stream_id=[1_000_000 + number])
        with peer.makefile("rb") as stream:
            while True:
                peer.sendall(data)
                yield _status(stream)

    def _gone(self, peer, number, generator):
        images = self._inputs["image_bytes"] * 50
        peer.sendall(self._post({"inputs": {"image_bytes": images}}))
        peer.close()
        time.sleep(0.5)
        yield "left"

    def _untaken(self, peer, number, generator):
        images = self._inputs["image_bytes"] * 8
        document = {"signature_name": "scores", "inputs": images}
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.sendall(self._post(document))
        time.sleep(10)
        yield "held"

    def _slow(self, peer, number, generator):
        for byte in self._request(stream_id=[1_000_000 + number]):
            peer.sendall(bytes([byte]))
            time.sleep(0.1)
        with peer.makefile("rb") as stream:
            yield _status(stream)

    def _rubbish(self, peer, number, generator):
        data = bytearray(self._request(stream_id=[1_000_000 + number]))
        for _ in range(generator.randint(1, 9)):
            place = generator.randrange(len(data))
            data[place : place + generator.choice([0, 1, 9])] = (
                generator.randbytes(generator.choice([0, 1, 3]))
            )
        peer.sendall(data)
        with contextlib.suppress(OSError):
            peer.shutdown(socket.SHUT_WR)
        with peer.makefile("rb") as stream:
            yield _status(stream)

    def _request(self, **inputs):
        inputs = self._inputs | inputs
        return self._post({"signature_name": "stream", "inputs": inputs})

    def _post(self, document):
        body = json.dumps(document).encode()
        host = "{}:{}".format(*self._address)
        lines = [
            f"POST {self._path} HTTP/1.1",
            f"Host: {host}",
            f"Content-Length: {len(body)}",
        ]
        return "\r\n".join([*lines, "", ""]).encode() + body


def _status(stream):
    """Reads an answer; its status, or that there is none."""
    line = stream.readline()
    while line.split()[1:2] == [b"100"]:
        stream.readline()
        line = stream.readline()
    if not line:
        return "closed"
    length = 0
    while (header := stream.readline()).strip():
        name, _, value = header.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while length > 0 and (piece := stream.read(min(length, _PIECE))):
        length -= len(piece)
    return int(line.split()[1])


def stream_inputs(image):
    """Inputs of the signature `stream` for one image file, as JSON has them."""
    return {
        "image_bytes": [{"b64": base64.b64encode(image).decode()}],
        "stream_id": [0],
        "force_key": [False],
    }


if __name__ == "__main__":
    url, model, clients, seconds = sys.argv[1:]
    parts = urllib.parse.urlsplit(url)
    flood = Flood(
        (parts.hostname, parts.port),
        f"/v1/models/{model}:predict",
        json.load(sys.stdin),
        int(clients),
        float(seconds),
    )
    flood.run()
    print(json.dumps(dict(sorted(flood.seen.items()))))
