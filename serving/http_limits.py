"""What a server lets its clients take."""

import contextlib
import dataclasses
import threading

from accel_tf.serving.http_request import HttpError


@dataclasses.dataclass(frozen=True)
class HttpLimits:
    """Limits of an `HttpServer`.

    A body of JSON can take 25 times its size in memory once it is parsed;
    the defaults are chosen with that in mind.

    Attributes:
        body_bytes: of a request's body.
        header_bytes: of its request line and headers.
        in_flight: POST requests that are worked on at a time.
        buffered_bytes: of all bodies that are in memory at a time.
        connections: open at a time.
        idle_seconds: that a connection may stay open without a request.
        header_seconds: from a request's first byte to the end of its headers.
        body_seconds: for its body.
        write_seconds: for the answer.
    """

    body_bytes: int = 32 * 2**20
    header_bytes: int = 32 * 2**10
    in_flight: int = 32
    buffered_bytes: int = 128 * 2**20
    connections: int = 512
    idle_seconds: float = 60.0
    header_seconds: float = 10.0
    body_seconds: float = 60.0
    write_seconds: float = 60.0


class Load:
    """The requests and bodies that a server holds at the moment."""

    def __init__(self, limits):
        self._limits = limits
        self._lock = threading.Lock()
        self._in_flight = 0
        self._buffered_bytes = 0

    @contextlib.contextmanager
    def request(self):
        """Counts a request as long as the block runs.

        Raises:
            HttpError: 429; there are too many.
        """
        with self._lock:
            if self._in_flight >= self._limits.in_flight:
                raise HttpError(
                    429,
                    f"{self._limits.in_flight} requests are in flight, as "
                    "many as are taken; try again later",
                )
            self._in_flight += 1
        try:
            yield
        finally:
            with self._lock:
                self._in_flight -= 1

    @contextlib.contextmanager
    def body(self):
        """Gives a function that counts bytes until the block ends.

        It raises `HttpError` 429 when they are too many.
        """
        taken = 0

        def take(count):
            nonlocal taken
            with self._lock:
                if self._buffered_bytes + count > self._limits.buffered_bytes:
                    raise HttpError(
                        429, "The server has no room for more; try again later"
                    )
                self._buffered_bytes += count
                taken += count

        try:
            yield take
        finally:
            with self._lock:
                self._buffered_bytes -= taken
