"""A threaded HTTP/1.1 server around a handler, of the standard library.

`http.server` is not used: it answers mistakes with pages of its own and lets
slow clients take any time.
"""

import contextlib
import errno
import logging
import socket
import socketserver
import threading
import time

from accel_tf.serving.http_connection import Connection
from accel_tf.serving.http_limits import HttpLimits, Load

# Connections that were told to go and whose threads have not ended yet.
_LEAVING_CONNECTIONS = 64
_POLL_SECONDS = 0.2
_TURNED_AWAY = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"Content-Type: application/json\r\n"
    b"Retry-After: 1\r\n"
    b"Content-Length: 33\r\n"
    b"Connection: close\r\n\r\n"
    b'{"error": "Too many connections"}'
)
_log = logging.getLogger(__name__)


class HttpServer(socketserver.TCPServer):
    """Answers HTTP requests, a thread for each connection.

    When there are as many connections as may be, a new one takes the place
    of the one that has waited longest for a request; if all are at work, it
    is answered 503. So connections without requests keep nobody out.

    Args:
        handler: has `handle(method, path, headers, body)`, which gives what
            has `status`, `headers` and `body`, such as a `RestHandler`.
        host: name or address to listen on; by default this machine only.
        port: number of the port; 0 for a free one.
        limits: an `HttpLimits`.

    Attributes:
        handler: as given.
        limits: as given.
        load: the `Load` at the moment.
        stopping: whether the server is told to stop.

    Raises:
        OSError: if the address cannot be listened on.
    """

    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, handler, host="127.0.0.1", port=0, limits=None):
        self.handler = handler
        self.limits = limits or HttpLimits()
        self.load = Load(self.limits)
        self.stopping = False
        self._host = host
        self._changed = threading.Condition()
        self._connections = set()
        self._threads = 0
        self._acceptor = None
        try:
            self.address_family = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0][0]
            super().__init__((host, port), Connection)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise OSError(
                f"cannot listen on {host} port {port}: {reason}."
            ) from error
        # A client that is gone before it is accepted must not block.
        self.socket.setblocking(False)

    @property
    def url(self):
        """Address of the server, such as `http://127.0.0.1:8501`."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self.server_address[1]}"

    @property
    def connections(self):
        """How many there are at the moment."""
        with self._changed:
            return self._threads

    def start(self):
        """Begins to answer, in threads."""
        self._acceptor = threading.Thread(
            target=self.serve_forever, args=(_POLL_SECONDS,), daemon=True
        )
        self._acceptor.start()

    def stop(self, seconds=10.0):
        """Takes no more connections and ends when all requests are answered.

        Args:
            seconds: time that the requests have; then they are dropped.

        Returns:
            How many connections were dropped in the middle of a request.
        """
        self.stopping = True
        if self._acceptor:
            self.shutdown()
            self._acceptor.join()
        # Those who are connected already get an answer.
        with contextlib.suppress(OSError):
            while True:
                self.process_request(*self.socket.accept())
        self.server_close()
        with self._changed:
            connections = set(self._connections)
        for connection in connections:
            if connection.state == "idle":
                connection.leave()
        with self._changed:
            self._changed.wait_for(lambda: not self._threads, seconds)
            dropped = set(self._connections)
        for connection in dropped:
            connection.leave(at_once=True)
        return len(dropped)

    def add(self, connection):
        """Called by a `Connection` at its start."""
        with self._changed:
            self._connections.add(connection)

    def remove(self, connection):
        """Called by a `Connection` at its end."""
        with self._changed:
            self._connections.discard(connection)

    def get_request(self):
        """Called by `socketserver` to accept a connection."""
        try:
            return self.socket.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                # It stays waiting to be accepted: do not spin meanwhile.
                time.sleep(_POLL_SECONDS)
            raise

    def process_request(self, request, client_address):
        """Called by `socketserver` with a new connection."""
        if not self._make_room():
            self._turn_away(request)
            return
        with self._changed:
            self._threads += 1
        try:
            threading.Thread(
                target=self._serve, args=(request, client_address), daemon=True
            ).start()
        except RuntimeError:
            self._end_thread()
            self._turn_away(request)

    def handle_error(self, request, client_address):
        """Called by `socketserver` in an `except` block."""
        _log.exception("A connection failed inside the server")

    def _serve(self, request, client_address):
        try:
            self.finish_request(request, client_address)
        except OSError:
            pass  # The client left before anything was read.
        except Exception:
            self.handle_error(request, client_address)
        finally:
            self.shutdown_request(request)
            self._end_thread()

    def _end_thread(self):
        with self._changed:
            self._threads -= 1
            self._changed.notify_all()

    def _make_room(self):
        with self._changed:
            if self._threads < self.limits.connections:
                return True
            if self._threads >= self.limits.connections + _LEAVING_CONNECTIONS:
                return False
            waiting = [
                connection
                for connection in self._connections
                if connection.state in ("idle", "reading")
            ]
        if not waiting:
            return False
        # Those in the middle of a request only if there are no others.
        longest = min(waiting, key=lambda one: (one.state, one.since))
        longest.leave(at_once=longest.state == "reading")
        return True

    def _turn_away(self, request):
        request.setblocking(False)
        with contextlib.suppress(OSError):
            request.send(_TURNED_AWAY)
        self.shutdown_request(request)
