"""How frames that lie side by side in a batch follow each other.

Networks of clips compute frame by frame, `[B * T, h, w, C]`, as those of
images do; only some of their layers look at other frames. These ask
`current_time()` which those are: the others of the clip (`WholeClip`), those
before (`PastOfClip`), or what a stream has kept of them (`LiveStream`).
"""

import abc
import contextlib
import contextvars

from keras import ops

_current = contextvars.ContextVar("clip_time")


@contextlib.contextmanager
def in_time(time):
    """Layers called inside see the frames as `time` says."""
    token = _current.set(time)
    try:
        yield time
    finally:
        _current.reset(token)


def current_time():
    """The `Time` of the innermost `in_time`.

    Raises:
        RuntimeError: outside of any.
    """
    try:
        return _current.get()
    except LookupError:
        raise RuntimeError(
            "a network of clips was called without their length: call the "
            "classifier, or the network inside in_time(WholeClip(frames))."
        ) from None


class Time(abc.ABC):
    """Frames of one clip or stream for each entry of the batch."""

    @abc.abstractmethod
    def extend(self, x, taps, name):
        """Frames and their neighbours, for `taps` factors on each.

        Args:
            x: `[B * T, ...]`.
            taps: number of neighbouring frames that count for one.
            name: of the layer that asks.

        Returns:
            `[B, T + taps - 1, ...]`; entries `t` to `t + taps - 1` are those
            for frame `t`. There are zeros where there is no frame.
        """

    def zeros_around(self, taps):
        """What `extend` adds, where it does nothing but add zeros.

        Returns:
            `(before, after)`, numbers of frames of zeros; `None` where
            `extend` has to be called.
        """
        return None

    @abc.abstractmethod
    def mean(self, x, name):
        """The mean over time of what each frame has.

        Args:
            x: `[B * T, ...]`.
            name: of the layer that asks.

        Returns:
            `[B, T, ...]`, the mean as of each frame, or `[B, 1, ...]` where
            it is the same for all.
        """

    @property
    @abc.abstractmethod
    def frames(self):
        """T, an int or a scalar tensor."""

    def unfold(self, x):
        """`[B * T, ...]` to `[B, T, ...]`."""
        return ops.reshape(x, (-1, self.frames, *ops.shape(x)[1:]))


def fold(x):
    """`[B, T, ...]` to `[B * T, ...]`."""
    return ops.reshape(x, (-1, *ops.shape(x)[2:]))


class WholeClip(Time):
    """All frames of a clip see each other, as the originals' do.

    Args:
        frames: of each clip.
    """

    def __init__(self, frames):
        self._frames = frames

    @property
    def frames(self):
        return self._frames

    def extend(self, x, taps, name):
        return _pad(self.unfold(x), *WholeClip.zeros_around(self, taps))

    def zeros_around(self, taps):
        return (taps - 1) // 2, taps // 2

    def mean(self, x, name):
        return ops.mean(self.unfold(x), axis=1, keepdims=True)


class PastOfClip(WholeClip):
    """A frame of a clip sees itself and those before it.

    Args:
        frames: of each clip.
        window: the number of frames, up to the current one, that means are
            taken over.
    """

    def __init__(self, frames, window):
        super().__init__(frames)
        self.window = window

    def extend(self, x, taps, name):
        return _pad(self.unfold(x), *self.zeros_around(taps))

    def zeros_around(self, taps):
        return taps - 1, 0

    def mean(self, x, name):
        x = ops.cast(self.unfold(x), "float32")
        sums = ops.cumsum(x, axis=1)
        before = _pad(sums, self.window, 0)[:, : self.frames]
        counts = ops.minimum(ops.arange(1, self.frames + 1), self.window)
        return (sums - before) / _as_column(counts, x)


class LiveStream(Time):
    """One frame of each stream, which sees what is kept of those before it.

    Equal to `PastOfClip` for a clip that has begun with the stream.

    Args:
        state: dict of name -> tensor, batch first, from the frame before;
            `{}` before the first, where the sizes are known by the tensors.
        window: as of `PastOfClip`.

    Attributes:
        state: of this frame, once the network was called.
    """

    FRAMES_SEEN = "frames_seen"

    def __init__(self, state, window):
        self._before = state
        self.state = dict(state)
        self.window = window

    @property
    def frames(self):
        return 1

    def count(self, batch_size):
        """Counts the frame, before the network is called."""
        seen = self._before.get(self.FRAMES_SEEN)
        if seen is None:
            seen = ops.zeros((batch_size,), "int32")
        # Means need no more than whether the window is full.
        self.state[self.FRAMES_SEEN] = ops.minimum(seen + 1, self.window)

    def extend(self, x, taps, name):
        return self._with_past(x, taps - 1, name)

    def mean(self, x, name):
        x = ops.cast(x, "float32")
        values = self._with_past(x, self.window - 1, name)
        total = ops.sum(values, axis=1, keepdims=True)
        seen = ops.cast(self.state[self.FRAMES_SEEN], total.dtype)
        return total / ops.reshape(seen, (-1, *[1] * (len(total.shape) - 1)))

    def _with_past(self, x, length, name):
        x = ops.expand_dims(x, 1)
        past = self._before.get(name)
        if past is None:
            shape = ops.shape(x)
            past = ops.zeros((shape[0], length, *shape[2:]), x.dtype)
        values = ops.concatenate([past, x], axis=1)
        self.state[name] = values[:, 1:]
        return values


def _pad(x, before, after):
    return ops.pad(x, [(0, 0), (before, after), *[(0, 0)] * (len(x.shape) - 2)])


def _as_column(counts, like):
    """`[T]` to `[1, T, 1, ...]`."""
    shape = (1, -1, *[1] * (len(like.shape) - 2))
    return ops.reshape(ops.cast(counts, like.dtype), shape)
