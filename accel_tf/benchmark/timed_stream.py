"""A stream whose frames are timed."""

from accel_tf.benchmark.limits import time_call
from accel_tf.benchmark.told_policy import ToldPolicy
from accel_tf.streaming import VideoStream

# Frames before the first that is timed. Models that keep a state without key
# frames take turns, and a converted one has a program for each turn.
WARM_UP = 3
WARM_UP_IN_TURNS = 12


class TimedStream:
    """A model in a `VideoStream` that goes through its frames again and again.

    Args:
        model: what `VideoStream` takes.
        frames: uint8 `[T, B, H, W, 3]`, or a list of T such.
        interval: frames from one key frame to the next.
        label_size: `(height, width)` of the labels; that of the frames by
            default.

    Attributes:
        has_non_key: whether there are frames other than key frames.
    """

    def __init__(self, model, frames, interval, label_size=None):
        self.frames, self.interval = frames, interval
        self._size, self._position = label_size, 0
        self._policy = ToldPolicy()
        self._stream = VideoStream(model, self._policy)
        self.has_non_key = model.uses_key_frames and interval > 1
        self._model = model

    def next(self, is_key):
        """The labels of the next frame."""
        self._policy.next_is_key = is_key
        frame = self.frames[self._position % len(self.frames)]
        self._position += 1
        return self._stream(frame, size=self._size)

    def first_frames(self):
        """Compiles for both kinds of frames, by running one of each."""
        self.next(True)
        self.next(False)

    def warm_up(self):
        """Runs the frames after the first two that are not timed."""
        takes_turns = not self._model.uses_key_frames and bool(
            self._model.initial_state(*self.frames[0].shape[:3])
        )
        count = WARM_UP_IN_TURNS if takes_turns else WARM_UP
        for is_key in (True, *[False] * count):
            self.next(is_key)

    def time_frames(self, count):
        """Times of the next frames, of which the first is a key frame.

        Returns:
            dict of `"key"` and `"non_key"` -> list of `(wall, processor)`
            seconds of one frame, from the uint8 frame to the uint8 labels;
            in a batch, its share of the step.
        """
        # What others ran meanwhile has filled the caches.
        self.next(False)
        batch = len(self.frames[0])
        times = {"key": [], "non_key": []}
        for index in range(count):
            is_key = index % self.interval == 0
            kind = "key" if is_key or not self.has_non_key else "non_key"
            seconds = time_call(lambda k=is_key: self.next(k))
            times[kind].append(tuple(each / batch for each in seconds))
        return times
