"""The requests of one stream, one after the other in the order they came."""

import collections
import contextlib
import threading
import time

from accel_tf.serving.tensors import ServingError


class StreamOrder:
    """Gives each request its turn on the streams that it names.

    A model that keeps a state per stream has no lock of its own. Requests
    of one stream follow each other, first come, first served; requests of
    different streams do not wait for each other. A request that names
    several streams waits until it is first on all of them; as it joins all
    their queues at once, requests cannot block each other for ever.

    Args:
        max_streams: streams that may be open at a time; None for any number.
            A stream is open from its first request until it is closed, or
            until another one needs its place after `idle_seconds`.
        idle_seconds: time without a request after which a stream's place may
            go to another one.
        max_waiting: requests that may wait for their turn on one stream.
        clock: function that gives the time in seconds.
    """

    def __init__(
        self,
        max_streams=None,
        idle_seconds=60.0,
        max_waiting=64,
        clock=time.monotonic,
    ):
        self._max_streams = max_streams
        self._idle_seconds = idle_seconds
        self._max_waiting = max_waiting
        self._clock = clock
        self._mutex = threading.Lock()
        self._queues = {}
        # Stream -> time of its last request; the longest idle ones first.
        self._open = collections.OrderedDict()

    @contextlib.contextmanager
    def turn(self, streams, opens=True):
        """Waits for a request's turn; the block inside is the request.

        Args:
            streams: ids of the streams, any hashable values.
            opens: whether the request opens streams that are not open.

        Raises:
            ServingError: RESOURCE_EXHAUSTED; too many streams are open, or
                too many requests wait for one of these.
        """
        streams = set(streams)
        ticket = _Ticket()
        with self._mutex:
            self._check_queues(streams)
            if opens and self._max_streams is not None:
                self._note_open(streams)
            for stream in streams:
                queue = self._queues.setdefault(stream, collections.deque())
                ticket.queues_behind += bool(queue)
                queue.append(ticket)
            if not ticket.queues_behind:
                ticket.ready.set()
        try:
            ticket.ready.wait()
            yield
        finally:
            with self._mutex:
                for stream in streams:
                    self._leave(stream, ticket)

    def forget(self, streams):
        """Notes that streams are closed; their places are free."""
        with self._mutex:
            for stream in streams:
                self._open.pop(stream, None)

    def _check_queues(self, streams):
        for stream in streams:
            # One runs, the others wait.
            if len(self._queues.get(stream, ())) > self._max_waiting:
                raise ServingError(
                    "RESOURCE_EXHAUSTED",
                    f"{self._max_waiting} requests wait for stream {stream} "
                    "already; send fewer at a time",
                )

    def _note_open(self, streams):
        now = self._clock()
        added = len(streams - self._open.keys())
        excess = len(self._open) + added - self._max_streams
        idle = []
        for stream, last_request in self._open.items():
            if len(idle) >= excess or now - last_request < self._idle_seconds:
                break
            if stream not in streams and stream not in self._queues:
                idle.append(stream)
        if len(idle) < excess:
            raise ServingError(
                "RESOURCE_EXHAUSTED",
                f"{len(self._open)} streams are open and at most "
                f"{self._max_streams} may be; close one or try again later",
            )
        for stream in idle:
            del self._open[stream]
        for stream in streams:
            self._open[stream] = now
            self._open.move_to_end(stream)

    def _leave(self, stream, ticket):
        queue = self._queues[stream]
        was_first = queue[0] is ticket
        queue.remove(ticket)
        if not queue:
            del self._queues[stream]
        elif was_first:
            following = queue[0]
            following.queues_behind -= 1
            if not following.queues_behind:
                following.ready.set()


class _Ticket:
    """A request's place in the queues of its streams."""

    def __init__(self):
        self.queues_behind = 0
        self.ready = threading.Event()
