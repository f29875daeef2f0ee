"""A client's connections to its server."""

import http.client
import selectors
import ssl
import threading
import time
import urllib.parse

from accel_tf.serving.client_errors import AnswerLost, NotTaken, reason_of
from accel_tf.serving.tls import client_context
from accel_tf.serving.tokens import is_token

# Before a server would close an idle connection, usually after a minute.
_IDLE_SECONDS = 20.0
_CONNECT_SECONDS = 10.0


class Connections:
    """Connections to one server that are kept open and used again.

    Any number of threads may use them, each request on one of its own.

    Args:
        url: of the server.
        timeout: seconds without a byte from the server after which a request
            fails.
        token: that the server asks for, or `None`.
        ca_file: PEM file of the certificates to trust of a server at
            https://; by default the system's.

    Attributes:
        url: without a slash at the end.

    Raises:
        ValueError: if an argument is not as described.
        OSError: if `ca_file` cannot be read.
    """

    def __init__(self, url, timeout, token=None, ca_file=None):
        self._parts = _parsed(url)
        self._tls = self._context(ca_file)
        if token is not None and not is_token(token):
            # Not in the message: it may be one that was copied badly.
            raise ValueError(
                "token must be 8 or more letters, digits and signs without "
                "spaces."
            )
        self._token = token
        self.url = str(url).rstrip("/")
        if not 0 < timeout < float("inf"):
            raise ValueError(f"timeout must be seconds above 0, not {timeout}.")
        self._timeout = timeout
        self._lock = threading.Lock()
        self._idle = []

    def exchange(self, method, path, body=None):
        """Sends a request once and reads its answer.

        Args:
            method: `"GET"` or `"POST"`.
            path: below the server's URL, percent-encoded.
            body: bytes of JSON; `None` for no body.

        Returns:
            `(response, data)`: `http.client.HTTPResponse` and its body.

        Raises:
            NotTaken: if the server cannot be reached, or breaks off before
                it has all of the request.
            AnswerLost: if it breaks off later.
            TimeoutError: if the server is silent for too long.
            ConnectionError: if the server is not who it says it is.
        """
        connection = self._connection()
        try:
            response, data = self._exchange(connection, method, path, body)
        except TimeoutError as error:
            connection.close()
            message = f"{self.url} was silent for {self._timeout:g} s."
            raise TimeoutError(message) from error
        except BaseException:
            # Also after Ctrl-C: its answer must not be taken for another's.
            connection.close()
            raise
        if connection.sock is not None:
            with self._lock:
                self._idle.append((connection, time.monotonic()))
        return response, data

    def close(self):
        """Closes the connections that are not in use."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection, _ in idle:
            connection.close()

    def _exchange(self, connection, method, path, body):
        headers = {} if body is None else {"Content-Type": "application/json"}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        send_error = None
        try:
            connection.request(method, self._parts.path + path, body, headers)
        except TimeoutError:
            raise
        except OSError as error:
            # The server may have said why before it stopped to read.
            send_error = error
        try:
            response = connection.getresponse()
            data = response.read()
        except TimeoutError:
            raise
        except (OSError, http.client.HTTPException) as error:
            message = f"{self.url} broke off: {reason_of(send_error or error)}."
            if send_error:
                # A request that is not complete is not acted on.
                raise NotTaken(ConnectionError(message)) from error
            raise AnswerLost(message) from error
        if send_error:
            connection.close()
        return response, data

    def _connection(self):
        while (connection := self._idle_connection()) is not None:
            if _is_alive(connection):
                return connection
            connection.close()
        connection = self._unconnected()
        try:
            connection.connect()
        except ssl.SSLCertVerificationError as error:
            raise ConnectionError(
                f"the certificate of {self.url} is not trusted "
                f"({error.verify_message}); ca_file (--tls-ca) names others "
                "to trust."
            ) from error
        except OSError as error:
            failure = ConnectionError(
                f"{self.url} cannot be reached: {reason_of(error)}."
            )
            if isinstance(error, ssl.SSLError):
                raise failure from error
            raise NotTaken(failure) from error
        connection.sock.settimeout(self._timeout)
        return connection

    def _unconnected(self):
        address = self._parts.hostname, self._parts.port
        timeout = min(self._timeout, _CONNECT_SECONDS)
        if self._tls is None:
            return http.client.HTTPConnection(*address, timeout=timeout)
        return http.client.HTTPSConnection(
            *address, timeout=timeout, context=self._tls
        )

    def _context(self, ca_file):
        if self._parts.scheme == "https":
            return client_context(ca_file)
        if ca_file is not None:
            raise ValueError("ca_file (--tls-ca) goes with https:// only.")
        return None

    def _idle_connection(self):
        with self._lock:
            while self._idle:
                connection, since = self._idle.pop()
                if time.monotonic() - since < _IDLE_SECONDS:
                    return connection
                connection.close()
        return None


def _parsed(url):
    try:
        parts = urllib.parse.urlsplit(str(url).rstrip("/"))
        known = parts.scheme in ("http", "https") and parts.hostname
        known = known and parts.port != 0
    except ValueError:
        known = False
    if not known or parts.query or parts.fragment:
        raise ValueError(
            f"a server's URL is like http://127.0.0.1:8501, not {str(url)!r}."
        )
    return parts


def _is_alive(connection):
    with selectors.DefaultSelector() as selector:
        selector.register(connection.sock, selectors.EVENT_READ)
        # What arrives before a request is the end of the connection.
        return not selector.select(0)
