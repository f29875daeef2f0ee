"""Notices clients that leave while their requests wait or are worked on."""

import contextlib
import os
import select
import ssl
import threading
import time

_TICK_SECONDS = 0.1
# For a reset to come back, where a client is asked before work begins.
_PROBE_SECONDS = 0.05
# Only Linux tells this; elsewhere a client is gone that resets.
_CLOSED = getattr(select, "POLLRDHUP", 0)
# Without `poll`, as on Windows, clients are taken to wait.
_GONE = (
    select.POLLHUP | select.POLLERR | select.POLLNVAL
    if hasattr(select, "poll")
    else 0
)
# Who has only stopped to send reads on and skips it; who is gone resets the
# connection.
_PROBE = b"HTTP/1.1 100 Continue\r\n\r\n"


class ClientWatch:
    """Looks at connections that have a request, several times a second.

    A client that has closed its connection cannot be told from one that has
    only said that it sends no more. So the latter is told to continue, as
    HTTP/1.1 allows before any answer: if it is gone, its system resets the
    connection. With TLS the end of one direction is the end of both.
    """

    def __init__(self):
        self._changed = threading.Condition()
        self._watched = {}
        self._thread = None
        self._ended = False

    @contextlib.contextmanager
    def watching(self, connection, leave, may_probe):
        """Calls `leave` if the client leaves before the block ends.

        Args:
            connection: its socket, to which nobody writes meanwhile.
            leave: function without arguments, called in another thread.
            may_probe: whether the client understands `100 Continue`.
        """
        file = connection.fileno()
        watched = _Watched(connection, leave, may_probe)
        with self._changed:
            self._watched[file] = watched
            if self._thread is None and not self._ended:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()
            self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._watched.pop(file, None)

    def end(self):
        """Watches nobody from now on."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def _run(self):
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._watched or self._ended)
                if self._ended:
                    return
            # Most requests are answered before the first look.
            time.sleep(_TICK_SECONDS)
            self._look()

    def _look(self):
        with self._changed:
            before = dict(self._watched)
        events = _events(before, _CLOSED, 0)
        # The newest first: those who wait, before the places are free of
        # those who are worked on.
        for file in reversed(before):
            with self._changed:
                watched = self._watched.get(file)
                # Its number may be another connection's by now.
                if watched is before[file] and watched.is_gone(
                    events.get(file, 0)
                ):
                    del self._watched[file]
                    watched.leave()


def has_left(connection, may_probe):
    """Whether a client has left that has just sent a request.

    Takes some time with one that has only said that it sends no more.

    Args:
        connection, may_probe: as for `ClientWatch.watching`.
    """
    file = connection.fileno()
    watched = _Watched(connection, None, may_probe)
    if watched.is_gone(_events([file], _CLOSED, 0).get(file, 0)):
        return True
    # Nothing else than a reset counts now.
    return watched.is_probed and bool(_events([file], 0, _PROBE_SECONDS))


def _events(files, mask, seconds):
    if not _GONE:
        return {}
    poll = select.poll()
    for file in files:
        poll.register(file, mask)
    return dict(poll.poll(1000 * seconds))


class _Watched:
    def __init__(self, connection, leave, may_probe):
        self.leave = leave
        self.is_probed = False
        self._connection = connection
        self._is_tls = isinstance(connection, ssl.SSLSocket)
        self._may_probe = may_probe

    def is_gone(self, event):
        if event & _GONE or (event and self._is_tls):
            return True
        if event and self._may_probe and not self.is_probed:
            self.is_probed = True
            try:
                # Of the socket `send` would wait until it has room.
                os.write(self._connection.fileno(), _PROBE)
            except BlockingIOError:
                return False
            except OSError:
                return True
        return False
