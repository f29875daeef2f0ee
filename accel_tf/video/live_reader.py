"""Frames from cameras and streams, which stop and come back."""

import itertools
import statistics
import threading
import time

from accel_tf import optional
from accel_tf.video.decoder import one_line
from accel_tf.video.newest import newest
from accel_tf.video.video_reader import (
    DEFAULT_FRAME_RATE,
    SourceLostError,
    VideoFrame,
    VideoReader,
)

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 5.0  # Seconds.

# The rate is measured over this time, by intervals longer than those in which
# frames come that had gathered while the source was opened.
_SECONDS_TO_MEASURE, _SHORTEST_INTERVAL = 1.0, 3e-3


class LiveReader(VideoReader):
    """Reads a camera or a stream, and connects again when it stops.

    A source that states its end, as a file on a web server does, is read to
    that end, and goes on where it stopped. Any other goes on for ever: frames
    between are missing, and its first frame after a gap `starts_anew`.

    Frames of a source without time stamps get the time of their arrival, or
    are `1 / frame_rate` apart if it is given.

    Args:
        connect: Called without arguments, gives a connection such as a
            `Decoder` or a `Camera`, or raises OSError or ValueError.
        name: What messages call it.
        frame_rate: Frames per second; `None`: stated by the time stamps or
            measured.
        strict: Whether a frame that does not decode is an error.
        live: Whether to give the newest frame only.
        on_note: Called with one line about each loss and return.
        reconnect_seconds: For how long it is tried to connect again.
    """

    def __init__(
        self, connect, name, frame_rate, strict, live, on_note,
        reconnect_seconds,
    ):  # fmt: skip
        self._connect, self._name, self._note = connect, name, on_note
        self._strict, self._live = strict, live
        self._reconnect_seconds = reconnect_seconds
        self._connection = connection = connect()
        self._stopped = threading.Event()
        self._arrivals = _with_arrival(connection)
        self._step = 1 / frame_rate if frame_rate else None
        rate = frame_rate or connection.frame_rate
        if not frame_rate and not connection.is_timed:
            rate = self._measured() or rate
        super().__init__(
            connection.height,
            connection.width,
            rate or DEFAULT_FRAME_RATE,
            connection.frame_count if connection.is_finite else None,
        )
        self.has_sound = connection.has_sound

    def _measured(self):
        """Frames per second over the first second, whose frames are kept."""
        first = []
        for item in self._arrivals:
            first.append(item)
            if item[-1] - first[0][-1] >= _SECONDS_TO_MEASURE:
                break
        self._arrivals = itertools.chain(first, self._arrivals)
        arrivals = [item[-1] for item in first]
        intervals = [b - a for a, b in itertools.pairwise(arrivals)]
        intervals = [i for i in intervals if i >= _SHORTEST_INTERVAL]
        return 1 / statistics.fmean(intervals) if intervals else None

    def frames(self):
        """Gives each frame as a `VideoFrame`."""
        if self._connection is None:
            raise OSError(f"{self._name} has been closed; open it again")
        self.damaged = []
        if self._live and not self._connection.is_finite:
            return newest(self._frames(), self._count_dropped)
        if self._live:
            self._note(f"{self._name} is a file: no frame of it is left out")
        return self._frames()

    def _count_dropped(self):
        self.dropped += 1

    def _frames(self):
        index, last, clock = 0, None, _Clock(self._step)
        starts_anew, index_at_loss = False, None
        while self._connection is not None:
            connection = self._connection
            for image, seconds, is_damaged, arrival in self._arrivals:
                if not connection.is_timed:
                    seconds = None
                seconds = clock(index, seconds, arrival)
                if seconds is None or (image is None and last is None):
                    continue
                if is_damaged:
                    self._count_damage(index)
                if image is not None:
                    last = self._of_one_size(image)
                yield VideoFrame(last, seconds, None, is_damaged, starts_anew)
                index, starts_anew = index + 1, False
            if self._stopped.is_set():
                return
            fault = connection.fault
            if connection.is_finite and index == index_at_loss:
                self._note(f"{self._name} is cut off or damaged: {fault}")
                return
            if connection.is_finite and not fault:
                return
            index_at_loss = index
            self._reconnect(index, fault or "it ended")
            starts_anew = True
            clock.start_anew(connection.is_finite)

    def _count_damage(self, index):
        if self._strict:
            raise ValueError(f"frame {index} of {self._name} does not decode")
        self.damaged.append(index)

    def _of_one_size(self, image):
        if image.shape[:2] == (self.height, self.width):
            return image
        size = (self.width, self.height)
        return optional.cv2().resize(image, size)

    def _reconnect(self, count, fault):
        self._connection.close()
        end, wait = time.monotonic() + self._reconnect_seconds, _FIRST_WAIT
        while (left := end - time.monotonic()) > 0:
            wait = min(wait, left)
            self._note(
                f"{self._name} stopped after {count} frames ({fault}); "
                f"reconnecting in {wait:.2g} s"
            )
            if self._stopped.wait(wait):
                return
            try:
                self._connection = self._connect()
            except (OSError, ValueError) as error:
                # Of PyAV itself; the line around names the source already.
                fault = one_line(error.__cause__ or error)
                wait = min(2 * wait, _LONGEST_WAIT)
            else:
                self._arrivals = _with_arrival(self._connection)
                self.reconnects += 1
                return
        raise SourceLostError(
            f"{self._name} stopped after {count} frames and did not come back "
            f"within {self._reconnect_seconds:g} s ({fault})"
        )

    def stop(self):
        self._stopped.set()

    def close(self):
        """Closes the connection."""
        self._stopped.set()
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _Clock:
    """Seconds from the first frame on, across losses of the connection."""

    def __init__(self, step):
        self._step = step
        self._first_arrival = None
        self._last, self._offset = -1.0, 0.0
        self._resumes = self._is_anew = False

    def start_anew(self, resumes):
        """After a loss: whether the source goes on where it stopped."""
        self._resumes, self._is_anew = resumes, not resumes

    def __call__(self, index, seconds, arrival):
        """`None` for a frame that was there before the loss."""
        if self._first_arrival is None:
            self._first_arrival = arrival
        since_the_first = arrival - self._first_arrival
        if self._resumes and seconds is not None and seconds <= self._last:
            return None
        if self._step is not None:
            return index * self._step
        if self._is_anew:
            self._offset, self._is_anew = since_the_first, False
        result = since_the_first
        if seconds is not None:
            result = self._offset + seconds
        # Frames that had gathered arrive at once.
        self._last = max(result, self._last + 1e-4) if self._last >= 0 else 0.0
        return self._last


def _with_arrival(connection):
    for item in connection:
        yield *item, time.monotonic()
