"""How the frames of a window that moves along a live video follow each other.

A further kind of `accel_tf.layers.clip_time.Time`, for windows of the last
frames of a stream whose first and last ones have zeros for neighbours, as
those of a clip.
"""

from keras import ops

from accel_tf.layers.clip_time import Time, fold


class WindowEnds(Time):
    """What a new frame changes of a window, up to the first mean over it.

    A convolution over time gives a frame within the window what it gave it
    when the window ended elsewhere; only near its ends, where there are zeros
    instead of neighbours, it does not. So a network is called with the new
    frame, and behind its first such convolution it goes on with the frames
    at both ends. What lies between them is taken from the state.

    Args:
        state: dict of name -> tensor, batch first, from the window before;
            `{}` before the first frame.
        window: frames of the window.
        batch_size: streams that run side by side, an int.

    Attributes:
        state: for the next window, once `extend` and `whole` were called.
    """

    def __init__(self, state, window, batch_size):
        self._before = state
        self.state = {}
        self.window = window
        self._batch_size = batch_size
        self._frames = 1

    @property
    def frames(self):
        """Of each piece that the last `extend` gave."""
        return self._frames

    def extend(self, x, taps, name):
        """The first and the last frames with their neighbours.

        Args:
            x: the new frame `[B, ...]`, or what came of an earlier `extend`.
            taps, name: as of `Time.extend`.

        Returns:
            `[B * 2, n + taps - 1, ...]`, a piece for either end; or, where
            these would meet, the window `[B, T + taps - 1, ...]`.
        """
        side = taps // 2
        # One more than differ: the last piece's first frame has just become
        # one of those within the window.
        length = self._reach(x) + side + 1
        x = self.whole(x, name)
        x = ops.pad(x, [(0, 0), (side, side), *[(0, 0)] * (len(x.shape) - 2)])
        if 2 * length >= self.window:
            self._frames = self.window
            return x
        self._frames = length
        length += taps - 1
        return fold(ops.stack([x[:, :length], x[:, -length:]], axis=1))

    def whole(self, x, name):
        """The window, of which `x` are the ends.

        Args:
            x: as of `extend`.
            name: under which the state holds what lies between them.

        Returns:
            `[B, T, ...]`.
        """
        reach, count = self._reach(x), self._count(x)
        x = ops.reshape(x, (self._batch_size, count, *ops.shape(x)[1:]))
        if count == self.window:
            return x
        kept = self._before.get(name)
        if kept is None:
            shape = (x.shape[0], self.window - 2 * reach - 1, *x.shape[2:])
            kept = ops.zeros(shape, x.dtype)
        last = x[:, -reach - 1 :]
        x = ops.concatenate([x[:, :reach], kept, last], axis=1)
        self.state[name] = x[:, reach + 1 : self.window - reach]
        return x

    def mean(self, x, name):
        raise ValueError(
            f"{name} takes a mean over the clip before any SqueezeExcitation "
            "of the backbone does, and of a moving window only the ends are "
            "there; make the classifier with causal=True for a live video."
        )

    def _count(self, x):
        return x.shape[0] // self._batch_size

    def _reach(self, x):
        """How many frames at either end are not as within the window."""
        return max(self._count(x) // 2 - 1, 0)
