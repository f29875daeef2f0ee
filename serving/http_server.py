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
import zlib

from accel_tf.serving.client_watch import ClientWatch
from accel_tf.serving.connection_choice import whose_memory, whose_place
from accel_tf.serving.http_connection import Connection
from accel_tf.serving.http_limits import HttpLimits, Load
from accel_tf.serving.work_queue import WorkQueue

# Connections that were told to go and whose threads have not ended yet.
_LEAVING_CONNECTIONS = 64
_POLL_SECONDS = 0.2
_TURNED_AWAY = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"Content-Type: application/json\r\n"
    b"Retry-After: %d\r\n"
    b"Content-Length: 33\r\n"
    b"Connection: close\r\n\r\n"
    b'{"error": "Too many connections"}'
)
_LONGEST_RETRY_AFTER = 60.0
_log = logging.getLogger(__name__)


class HttpServer(socketserver.TCPServer):
    """Answers HTTP requests, a thread for each connection.

    When there are as many connections as may be, a new one takes the place
    of another one (`connection_choice`); if all are at work, it is answered
    503. So connections without requests keep nobody out. POST requests wait
    for their turn in a `WorkQueue`; others are answered under any load.

    Args:
        handler: has `handle(method, path, headers, body)`, which gives what
            has `status`, `headers` and `body`, such as a `RestHandler`.
        host: name or address to listen on; by default this machine only.
        port: number of the port; 0 for a free one.
        limits: an `HttpLimits`.
        access: an `Access`, which says what requests are taken; by default
            all are.
        tls: `ssl.SSLContext` of a server, for https.

    Attributes:
        handler: as given.
        limits: as given.
        access: as given.
        tls: as given.
        load: the `Load` at the moment.
        queue: the `WorkQueue`.
        watch: the `ClientWatch` over those who wait for an answer.
        stopping: whether the server is told to stop.

    Raises:
        OSError: if the address cannot be listened on.
    """

    allow_reuse_address = True
    request_queue_size = 256

    def __init__(
        self,
        handler,
        host="127.0.0.1",
        port=0,
        limits=None,
        access=None,
        tls=None,
    ):
        self.handler = handler
        self.access = access
        self.tls = tls
        self.limits = limits or HttpLimits()
        self.load = Load(self.limits, self._free_memory)
        self.queue = WorkQueue(self.limits)
        self.watch = ClientWatch()
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
        scheme = "https" if self.tls else "http"
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{scheme}://{host}:{self.server_address[1]}"

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
        self.watch.end()
        return len(dropped)

    def retry_after(self, client, count):
        """When a client should come again that is told that it is too busy.

        As long as it takes to serve who waits now, but spread: not all who
        are turned away may come back at the same time.

        Args:
            client: address and port.
            count: how often it was told so.

        Returns:
            Whole seconds, 1 or more; the same for the same arguments.
        """
        seconds = min(
            max(self.queue.expected_seconds(), 1.0), _LONGEST_RETRY_AFTER
        )
        chance = zlib.crc32(repr((client, count)).encode()) / 2**32
        return 1 + int(seconds * (0.5 + chance))

    def add(self, connection):
        """Called by a `Connection` at its start."""
        with self._changed:
            self._connections.add(connection)

    def remove(self, connection):
        """Called by a `Connection` at its end."""
        with self._changed:
            self._connections.discard(connection)
        self.queue.forget(connection.address, connection.client_address)

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
            self._turn_away(request, client_address)
            return
        with self._changed:
            self._threads += 1
        try:
            threading.Thread(
                target=self._serve, args=(request, client_address), daemon=True
            ).start()
        except RuntimeError:
            self._end_thread()
            self._turn_away(request, client_address)

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
            leaving = whose_place(self._connections)
        if leaving is None:
            return False
        leaving.leave(at_once=leaving.state != "idle")
        return True

    def _free_memory(self):
        """Ends connections that are too slow; whether there are any."""
        with self._changed:
            slow = whose_memory(self._connections)
        for connection in slow:
            connection.leave(at_once=True)
        return bool(slow)

    def _turn_away(self, request, client_address):
        seconds = self.retry_after(client_address[:2], 0)
        request.setblocking(False)
        # There is no time for a handshake to say it with TLS.
        with contextlib.suppress(OSError):
            if not self.tls:
                request.send(_TURNED_AWAY % seconds)
        self.shutdown_request(request)
