"""One connection of a client to an `HttpServer`."""

import contextlib
import email.utils
import http
import io
import json
import logging
import socket
import socketserver
import time

from accel_tf.serving.client_watch import has_left
from accel_tf.serving.current_request import current_request
from accel_tf.serving.http_request import (
    HttpError,
    check_length,
    read_body,
    read_head,
)
from accel_tf.serving.tensors import ServingError
from accel_tf.serving.tls import secured, shake_hands, shut_down
from accel_tf.serving.work_queue import ClientGone, Ticket

_BUFFER = 2**16
# Larger bodies are sent as they are: a copy behind the head costs memory.
_SMALL_BODY = 2**16
_PIECE = 2**18
_LINGER_SECONDS = 2.0
_LINGER_BYTES = 16 * 2**20
# While the server stops, for a client that has connected just before.
_STOPPING_SECONDS = 1.0
_log = logging.getLogger(__name__)


class Connection(socketserver.BaseRequestHandler):
    """Answers the requests of one connection, one after the other.

    Attributes:
        address: of the client, without its port.
        state: `"idle"` before a request, `"reading"` while one arrives,
            `"busy"` until there is an answer, `"sending"` until that is
            taken, `"leaving"` once told to go.
        since: time of the last change of the state.
        moved: bytes since then.
        moved_at: time of the last byte.
        answers: requests that were answered.
    """

    def setup(self):
        """Called by `socketserver` before `handle`."""
        self.address = self.client_address[0]
        self._set_state("idle")
        self.answers = 0
        self._held = None
        self._refusals = 0
        # An answer should not wait for the client's acknowledgement of the
        # one before.
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if self.server.tls:
            self.request = secured(self.request, self.server.tls)
        self._input = _DeadlineReader(self.request, self._note_moved)
        self._stream = io.BufferedReader(self._input, _BUFFER)
        self.server.add(self)

    def handle(self):
        """Called by `socketserver`; ends with the connection."""
        # The client is gone or does not take its answer: no one to tell.
        with contextlib.suppress(OSError):
            seconds = self.server.limits.header_seconds
            if self.server.tls and not shake_hands(self.request, seconds):
                return
            while self._answer_request():
                self._set_state("idle")

    def finish(self):
        """Called by `socketserver` after `handle`."""
        self.server.remove(self)
        if self.server.tls:
            self.server.shutdown_request(self.request)

    @property
    def bytes(self):
        """Of memory that its request and answer take."""
        held = self._held
        return held.bytes if held else 0

    def is_slow(self, seconds):
        """Whether a client neither sends nor takes its bytes in time.

        Args:
            seconds: that it has before it is judged.
        """
        now = time.monotonic()
        elapsed = now - self.since
        if self.state not in ("reading", "sending") or elapsed < seconds:
            return False
        is_still = now - self.moved_at >= seconds
        return is_still or self.moved < (
            elapsed * self.server.limits.bytes_per_second
        )

    def leave(self, at_once=False):
        """Ends the connection, from another thread.

        Args:
            at_once: whether a request that has arrived is dropped, too.
        """
        if at_once or self.state != "busy":
            self._set_state("leaving")
        with contextlib.suppress(OSError):
            shut_down(
                self.request, socket.SHUT_RDWR if at_once else socket.SHUT_RD
            )

    def _set_state(self, state):
        self.state = state
        self.moved = 0
        self.since = self.moved_at = time.monotonic()

    def _note_moved(self, count):
        self.moved += count
        self.moved_at = time.monotonic()

    def _answer_request(self):
        """Whether the connection stays open."""
        limits = self.server.limits
        self._input.set_deadline(
            _STOPPING_SECONDS if self.server.stopping else limits.idle_seconds
        )
        try:
            if not self._stream.peek(1):
                return False
        except TimeoutError:
            return False
        self._set_state("reading")
        try:
            self._input.set_deadline(limits.header_seconds)
            head = read_head(self._stream, limits.header_bytes)
            if head is None:
                return False
            if self.server.access:
                self.server.access.check(head)
            with self.server.load.reservation() as self._held:
                return self._answer_body(head)
        except HttpError as error:
            self._refuse(error)
            return False
        except TimeoutError:
            if self.state == "reading":
                self._refuse(HttpError(408, "The request arrived too slowly"))
            return False

    def _answer_body(self, head):
        body = self._read_body(head)
        if body is None:
            return False
        self._set_state("busy")
        status, headers, answer = self._response(head, body)
        del body
        try:
            self._held.exchange(len(answer))
        except HttpError as error:
            status, headers, answer = _error_response(error)
        keep_alive = head.keep_alive and not self.server.stopping
        with_body = head.method != "HEAD"
        self._send(status, headers, answer, keep_alive, with_body)
        self.answers += 1
        return keep_alive

    def _read_body(self, head):
        limits = self.server.limits
        if head.content_length is not None:
            # Before the client is told to send it.
            check_length(head.content_length, limits.body_bytes)
        if head.expects_continue and head.content_length != 0:
            self.request.settimeout(limits.write_seconds)
            self.request.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._input.set_deadline(limits.body_seconds)
        return read_body(self._stream, head, limits.body_bytes, self._held.take)

    def _response(self, head, body):
        try:
            # Whether the server is alive must be answered under any load.
            if head.method == "POST":
                return self._worked_on(head, body)
            return self._handled(head, body)
        except ClientGone:
            raise
        except HttpError as error:
            return _error_response(error)
        except Exception:
            _log.exception("A request failed inside the server")
            return _error_response(HttpError(500, "Internal error"))

    def _worked_on(self, head, body):
        queue = self.server.queue
        # It takes a moment to find out, which pays beside other work, or
        # before much.
        pays = queue.working or len(body) > _SMALL_BODY
        if pays and has_left(self.request, head.is_1_1):
            raise ClientGone("the client has left")
        ticket = Ticket(self.address, self.client_address)
        watching = self.server.watch.watching(
            self.request, lambda: queue.leave(ticket), head.is_1_1
        )
        with (
            watching,
            queue.turn(ticket),
            current_request(self._reserve, lambda: ticket.is_gone),
        ):
            return self._handled(head, body)

    def _handled(self, head, body):
        response = self.server.handler.handle(
            head.method, head.path, head.headers, body
        )
        return response.status, response.headers, response.body

    def _reserve(self, count):
        try:
            self._held.take(count)
        except HttpError as error:
            raise ServingError("RESOURCE_EXHAUSTED", error.message) from error

    def _refuse(self, error):
        """Answers a request that was not read to its end."""
        self._send(*_error_response(error), keep_alive=False)
        # A close with bytes unread would destroy the answer on its way.
        shut_down(self.request, socket.SHUT_WR)
        self._input.set_deadline(_LINGER_SECONDS)
        left = _LINGER_BYTES
        while left > 0 and (piece := self._stream.read1(_BUFFER)):
            left -= len(piece)

    def _send(self, status, headers, body, keep_alive, with_body=True):
        try:
            phrase = http.HTTPStatus(status).phrase
        except ValueError:
            phrase = "Error"
        if status in (429, 503):
            self._refusals += 1
            seconds = self.server.retry_after(
                self.client_address, self._refusals
            )
            headers = {"Retry-After": str(seconds), **headers}
        lines = [f"HTTP/1.1 {status} {phrase}"]
        lines += (f"{name}: {value}" for name, value in headers.items())
        lines += [
            f"Date: {email.utils.formatdate(usegmt=True)}",
            f"Content-Length: {len(body)}",
            f"Connection: {'keep-alive' if keep_alive else 'close'}",
            "\r\n",
        ]
        head = "\r\n".join(lines).encode("latin-1", "replace")
        self._set_state("sending")
        # The time for the whole answer, not for each piece.
        end = self.since + self.server.limits.write_seconds
        if not with_body:
            body = b""
        elif len(body) <= _SMALL_BODY:
            head, body = head + body, b""
        self._send_all(head, end)
        self._send_all(body, end)

    def _send_all(self, data, end):
        left = memoryview(data)
        while left:
            seconds = end - time.monotonic()
            if seconds <= 0:
                raise TimeoutError("the answer is taken too slowly")
            self.request.settimeout(seconds)
            # TLS takes all that it is given, and tells nothing meanwhile.
            count = self.request.send(left[:_PIECE])
            self._note_moved(count)
            left = left[count:]


class _DeadlineReader(io.RawIOBase):
    """What a socket receives before a deadline.

    A time-out of the socket would begin anew with every byte.
    """

    def __init__(self, connection, note):
        super().__init__()
        self._connection = connection
        self._note = note
        self._deadline = 0.0

    def set_deadline(self, seconds):
        """Allows `seconds` from now."""
        self._deadline = time.monotonic() + seconds

    def readable(self):
        """As for every file that can be read."""
        return True

    def readinto(self, buffer):
        """Reads what is there; TimeoutError at the deadline."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        self._connection.settimeout(left)
        count = self._connection.recv_into(buffer)
        self._note(count)
        return count


def _error_response(error):
    headers = {"Content-Type": "application/json", **error.headers}
    return error.status, headers, json.dumps({"error": error.message}).encode()
