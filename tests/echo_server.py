"""A server for tests of the transport."""

import contextlib
import dataclasses
import json
import threading
import time

from accel_tf.serving.http_limits import HttpLimits
from accel_tf.serving.http_server import HttpServer


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict
    body: bytes


class Echo:
    """Answers with what was asked; `/wait` waits until `go` is set."""

    def __init__(self):
        self.go = threading.Event()
        self.arrived = threading.Semaphore(0)

    def handle(self, method, path, headers, body):
        if path == "/wait":
            self.arrived.release()
            assert self.go.wait(20)
        if path == "/bug":
            raise RuntimeError("a bug")
        if path == "/large":
            body = b"x" * 2**24
        elif path != "/busy":
            body = f"{method} {path} ".encode() + body
        return Answer(429 if path == "/busy" else 200, {"X-Test": "1"}, body)

    def wait_for_arrivals(self, count):
        for _ in range(count):
            assert self.arrived.acquire(timeout=10)


@contextlib.contextmanager
def serving(access=None, tls=None, **limits):
    limits = HttpLimits(**limits)
    server = HttpServer(Echo(), limits=limits, access=access, tls=tls)
    server.start()
    try:
        yield server
    finally:
        server.handler.go.set()
        server.stop(0.1)


def error_message(body):
    return json.loads(body)["error"]


def wait_until(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)
