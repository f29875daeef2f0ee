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

from accel_tf.serving.http_request import (
    HttpError,
    check_length,
    read_body,
    read_head,
)

_BUFFER = 2**16
_LINGER_SECONDS = 2.0
_LINGER_BYTES = 16 * 2**20
# While the server stops, for a client that has connected just before.
_STOPPING_SECONDS = 1.0
_log = logging.getLogger(__name__)


class Connection(socketserver.BaseRequestHandler):
    """Answers the requests of one connection, one after the other.

    Attributes:
        state: `"idle"` before a request, `"reading"` while one arrives,
            `"busy"` until it is answered, `"leaving"` once told to go.
        since: time of the last change of the state.
    """

    def setup(self):
        """Called by `socketserver` before `handle`."""
        self.state = "idle"
        self.since = time.monotonic()
        # An answer should not wait for the client's acknowledgement of the
        # one before.
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._input = _DeadlineReader(self.request)
        self._stream = io.BufferedReader(self._input, _BUFFER)
        self.server.add(self)

    def handle(self):
        """Called by `socketserver`; ends with the connection."""
        # The client is gone or does not take its answer: no one to tell.
        with contextlib.suppress(OSError):
            while self._answer_request():
                self._set_state("idle")

    def finish(self):
        """Called by `socketserver` after `handle`."""
        self.server.remove(self)

    def leave(self, at_once=False):
        """Ends the connection, from another thread.

        Args:
            at_once: whether a request that has arrived is dropped, too.
        """
        if at_once or self.state != "busy":
            self._set_state("leaving")
        with contextlib.suppress(OSError):
            self.request.shutdown(
                socket.SHUT_RDWR if at_once else socket.SHUT_RD
            )

    def _set_state(self, state):
        self.state = state
        self.since = time.monotonic()

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
            with self.server.load.body() as take:
                body = self._read_body(head, take)
                if body is None:
                    return False
                self._set_state("busy")
                response = self._response(head, body)
        except HttpError as error:
            self._refuse(error)
            return False
        except TimeoutError:
            self._refuse(HttpError(408, "The request arrived too slowly"))
            return False
        keep_alive = head.keep_alive and not self.server.stopping
        self._send(*response, keep_alive, with_body=head.method != "HEAD")
        return keep_alive

    def _read_body(self, head, take):
        limits = self.server.limits
        if head.content_length is not None:
            # Before the client is told to send it.
            check_length(head.content_length, limits.body_bytes)
        if head.expects_continue and head.content_length != 0:
            self.request.settimeout(limits.write_seconds)
            self.request.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._input.set_deadline(limits.body_seconds)
        return read_body(self._stream, head, limits.body_bytes, take)

    def _response(self, head, body):
        # Whether the server is alive must be answered under any load.
        is_work = head.method == "POST"
        try:
            with self.server.load.request() if is_work else _NO_LIMIT:
                response = self.server.handler.handle(
                    head.method, head.path, head.headers, body
                )
        except HttpError as error:
            return _error_response(error)
        except Exception:
            _log.exception("A request failed inside the server")
            return _error_response(HttpError(500, "Internal error"))
        return response.status, response.headers, response.body

    def _refuse(self, error):
        """Answers a request that was not read to its end."""
        self._send(*_error_response(error), keep_alive=False)
        # A close with bytes unread would destroy the answer on its way.
        self.request.shutdown(socket.SHUT_WR)
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
            headers = {"Retry-After": "1", **headers}
        lines = [f"HTTP/1.1 {status} {phrase}"]
        lines += (f"{name}: {value}" for name, value in headers.items())
        lines += [
            f"Date: {email.utils.formatdate(usegmt=True)}",
            f"Content-Length: {len(body)}",
            f"Connection: {'keep-alive' if keep_alive else 'close'}",
            "\r\n",
        ]
        data = "\r\n".join(lines).encode("latin-1", "replace")
        # The time for the whole answer, not for each piece.
        self.request.settimeout(self.server.limits.write_seconds)
        self.request.sendall(data + body if with_body else data)


class _DeadlineReader(io.RawIOBase):
    """What a socket receives before a deadline.

    A time-out of the socket would begin anew with every byte.
    """

    def __init__(self, connection):
        super().__init__()
        self._connection = connection
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
        return self._connection.recv_into(buffer)


_NO_LIMIT = contextlib.nullcontext()


def _error_response(error):
    headers = {"Content-Type": "application/json"}
    return error.status, headers, json.dumps({"error": error.message}).encode()
