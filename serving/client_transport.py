"""Requests of a client, sent again where that is safe."""

import dataclasses
import json
import random
import threading
import time

from accel_tf.serving.client_connections import Connections
from accel_tf.serving.client_errors import AnswerLost, NotTaken, ServerError

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0
_LONGEST_PAUSE_ASKED_FOR = 60.0
# In all, for a server that is alive and asks to come again.
_PATIENCE = 300.0
_MAX_MESSAGE = 300
# The server says that it did not take the request.
_REFUSED = (429, 503)
# Something between here and the server says that it got no answer.
_NO_ANSWER = (502, 504)


@dataclasses.dataclass
class Traffic:
    """What a client has sent and received.

    Attributes:
        requests: requests sent, repeated ones too.
        repeats: of these, repeated ones.
        bytes_sent: in the bodies of all requests.
        bytes_received: in the bodies of all answers.
    """

    requests: int = 0
    repeats: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0

    def __str__(self):
        return (
            f"{self.requests} requests, {self.repeats} of them repeated, "
            f"{self.bytes_sent / 1e6:.1f} MB sent, "
            f"{self.bytes_received / 1e6:.1f} MB received"
        )


class Backoff:
    """The pauses before the repeats of one request.

    They are ever longer, but as long as the server asks if it says so. A
    server that does is alive and will have its turn for everybody: then a
    request is repeated as often as it takes, within five minutes.

    Args:
        retries: how many repeats there may be of which the server did not
            say when; 0 for no repeats at all.

    Attributes:
        repeats: how many there were.
    """

    def __init__(self, retries):
        self.repeats = 0
        self._retries = retries
        self._unasked = 0
        self._asked_seconds = 0.0
        self._pause = _FIRST_PAUSE

    def pause(self, error, asked=None):
        """Waits; raises `error` instead when there were enough repeats.

        Args:
            error: what went wrong.
            asked: seconds that the server asks to wait; `None` if it does
                not say.
        """
        if asked is None or not self._retries:
            if self._unasked == self._retries:
                raise error
            self._unasked += 1
            seconds = self._pause
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        else:
            seconds = max(asked, _FIRST_PAUSE)
            self._asked_seconds += seconds
            if self._asked_seconds > _PATIENCE:
                raise error
        self.repeats += 1
        # At random, or many clients of one server would come back at once;
        # never before they are asked to.
        least = 0.75 if asked is None else 1.0
        time.sleep(seconds * random.uniform(least, 1.25))


class Transport:
    """Sends requests to one server, from any number of threads.

    Args:
        url: of the server.
        timeout: seconds without a byte from the server after which a request
            fails.
        retries: how often a request may be repeated.
        token, ca_file: as of `Connections`.

    Attributes:
        url: without a slash at the end.
        traffic: `Traffic`.

    Raises:
        ValueError: if an argument is not as described.
        OSError: if `ca_file` cannot be read.
    """

    def __init__(self, url, timeout, retries, token=None, ca_file=None):
        self._connections = Connections(url, timeout, token, ca_file)
        if not isinstance(retries, int) or retries < 0:
            raise ValueError(f"retries must be 0 or more, not {retries!r}.")
        self.url = self._connections.url
        self._retries = retries
        self._lock = threading.Lock()
        self.traffic = Traffic()

    def backoff(self):
        """The `Backoff` of a new request."""
        return Backoff(self._retries)

    def request(self, method, path, document=None, backoff=None, again=True):
        """Sends a request until it is answered.

        It is sent again if the server cannot be reached, breaks off before
        it has all of the request, or answers that it is too busy (429, 503).

        Args:
            method: `"GET"` or `"POST"`.
            path: below the server's URL, percent-encoded.
            document: what to send as JSON; `None` for nothing.
            backoff: the `Backoff` of this request; by default a new one.
            again: whether it does no harm if the server acts twice, so that
                the request is also sent again when only its answer is lost.

        Returns:
            The parsed JSON of the answer.

        Raises:
            ServerError: if the server answers with another error.
            AnswerLost: if the answer is lost and `again` is false.
            TimeoutError: if the server is silent for too long.
            ConnectionError: if it cannot be reached or does not answer JSON.
        """
        body = None if document is None else json.dumps(document).encode()
        backoff = backoff or self.backoff()
        while True:
            try:
                self._count(1, backoff.repeats > 0, len(body or b""), 0)
                response, data = self._connections.exchange(method, path, body)
                self._count(0, 0, 0, len(data))
                return self._content(response, data)
            except AnswerLost as error:
                if not again:
                    raise
                backoff.pause(error)
            except NotTaken as failure:
                backoff.pause(failure.error, failure.seconds)

    def close(self):
        """Closes the connections that are not in use."""
        self._connections.close()

    def _count(self, requests, repeats, sent, received):
        with self._lock:
            self.traffic.requests += requests
            self.traffic.repeats += repeats
            self.traffic.bytes_sent += sent
            self.traffic.bytes_received += received

    def _content(self, response, data):
        if response.status == 200:
            try:
                return json.loads(data)
            except ValueError as error:
                raise ConnectionError(
                    f"{self.url} did not answer JSON: is it a model server?"
                ) from error
        said = _said(data) or response.reason
        message = f"{self.url} answered {response.status}: {said}"
        if response.status in _NO_ANSWER:
            raise AnswerLost(message)
        error = ServerError(response.status, message)
        if response.status in _REFUSED:
            raise NotTaken(error, _seconds(response.headers))
        raise error


def _said(data):
    """The server's message in one line; `None` if it is not JSON."""
    try:
        text = json.loads(data)["error"]
    except (ValueError, KeyError, TypeError):
        return None
    text = " ".join(str(text).split())
    return text if len(text) <= _MAX_MESSAGE else f"{text[:_MAX_MESSAGE]}..."


def _seconds(headers):
    """How long to wait before the next try; `None` if it is not said."""
    try:
        seconds = float(headers["Retry-After"])
    except (KeyError, TypeError, ValueError):
        return None
    return min(max(0.0, seconds), _LONGEST_PAUSE_ASKED_FOR)
