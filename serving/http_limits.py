"""What a server lets its clients take."""

import contextlib
import dataclasses
import threading

from accel_tf.serving.http_request import HttpError

# Such an answer is always sent: the status, an error.
_SMALL_ANSWER = 2**16
# Until those who were told to go have gone.
_LEAVING_SECONDS = 1.0


@dataclasses.dataclass(frozen=True)
class HttpLimits:
    """Limits of an `HttpServer`.

    A body of JSON can take ten times its size in memory once it is parsed;
    the defaults are chosen with that in mind.

    Attributes:
        body_bytes: of a request's body.
        header_bytes: of its request line and headers.
        in_flight: POST requests that are worked on at a time. Of four and
            more one client's address gets three quarters.
        waiting: POST requests that wait until they are worked on.
        waiting_seconds: that they should wait at most: fewer wait where the
            work is slow.
        buffered_bytes: of all bodies and answers that are in memory at a
            time, and of what is reserved for the requests.
        connections: open at a time.
        idle_seconds: that a connection may stay open without a request.
        header_seconds: from a request's first byte to the end of its headers.
        body_seconds: for its body.
        write_seconds: for the answer.
        stall_seconds: without a byte taken, after which a connection is
            closed if its memory is needed.
        bytes_per_second: least speed of a connection whose place or memory
            is needed.
    """

    body_bytes: int = 32 * 2**20
    header_bytes: int = 32 * 2**10
    in_flight: int = 32
    waiting: int = 256
    waiting_seconds: float = 30.0
    buffered_bytes: int = 128 * 2**20
    connections: int = 512
    idle_seconds: float = 60.0
    header_seconds: float = 10.0
    body_seconds: float = 60.0
    write_seconds: float = 60.0
    stall_seconds: float = 5.0
    bytes_per_second: int = 1024


class Load:
    """The memory that requests and their answers take at the moment.

    Args:
        limits: `HttpLimits`.
        make_room: called without arguments when there is too little; gives
            whether some of it will soon be free.
    """

    def __init__(self, limits, make_room=lambda: False):
        self._limits = limits
        self._make_room = make_room
        self._changed = threading.Condition()
        self._bytes = 0

    @property
    def bytes(self):
        """How many are taken."""
        return self._bytes

    @contextlib.contextmanager
    def reservation(self):
        """Gives the `Reservation` of a request, which the block's end ends."""
        reservation = Reservation(self)
        try:
            yield reservation
        finally:
            reservation.clear()

    def take(self, count):
        """Counts bytes more.

        Raises:
            HttpError: 429; there are too many.
        """
        if self._try_to_take(count):
            return
        if self._make_room():
            with self._changed:
                self._changed.wait_for(
                    lambda: self._fits(count), _LEAVING_SECONDS
                )
            if self._try_to_take(count):
                return
        raise HttpError(429, "The server has no room for more; try again later")

    def add(self, count):
        """Counts bytes, however many there are; below 0: gives them back."""
        with self._changed:
            self._bytes += count
            if count < 0:
                self._changed.notify_all()

    def _try_to_take(self, count):
        with self._changed:
            fits = self._fits(count)
            self._bytes += count if fits else 0
        return fits

    def _fits(self, count):
        return self._bytes + count <= self._limits.buffered_bytes


class Reservation:
    """The memory of one request.

    Args:
        load: the server's `Load`.

    Attributes:
        bytes: how many are taken.
    """

    def __init__(self, load):
        self._load = load
        self.bytes = 0

    def take(self, count):
        """Counts bytes more; HttpError 429 if there is no room for them."""
        self._load.take(count)
        self.bytes += count

    def exchange(self, answer_bytes):
        """Counts an answer in place of the request that it answers.

        One that is small, or alone, always finds room.

        Raises:
            HttpError: 429; there is no room for it.
        """
        self.clear()
        if answer_bytes <= _SMALL_ANSWER or self._load.bytes == 0:
            self._load.add(answer_bytes)
        else:
            self._load.take(answer_bytes)
        self.bytes = answer_bytes

    def clear(self):
        """Gives all of them back."""
        self._load.add(-self.bytes)
        self.bytes = 0
