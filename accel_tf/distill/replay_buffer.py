"""The frames of the last minutes with their teacher's labels."""

import math

import numpy as np

from accel_tf import optional

_KINDS = {
    "keep": (np.dtype("<U4"), 0),
    "size": (np.dtype("int64"), 1),
    "times": (np.dtype("float64"), 1),
    "lengths": (np.dtype("int64"), 2),
    "data": (np.dtype("uint8"), 1),
}


class ReplayBuffer:
    """Labelled frames of the last seconds, from which minibatches are drawn.

        buffer = ReplayBuffer(horizon=240.0)
        buffer.add(12.5, frame, labels)
        frames, labels = buffer.sample(8, np.random.default_rng(0))

    A frame leaves when the newest one is `horizon` seconds or more younger,
    and earlier where the memory is used up.

    Args:
        horizon: seconds of video to keep.
        most_bytes: of memory for frames and labels.
        keep: `"raw"`, exactly as they came, or `"jpeg"`, about a tenth of the
            memory with JPEG's losses (labels keep exact).

    Attributes:
        size: `(height, width)` of the frames; `None` while it is empty.

    Raises:
        ValueError: if an argument is not of that kind.
        ImportError: for `"jpeg"`, if OpenCV is not installed.
    """

    def __init__(self, horizon=240.0, most_bytes=2**29, keep="raw"):
        if not (math.isfinite(horizon) and horizon > 0):
            raise ValueError(
                f"horizon is {horizon}; seconds above 0 are needed."
            )
        if most_bytes < 1:
            raise ValueError(f"most_bytes is {most_bytes}; 1 is the least.")
        if keep not in ("raw", "jpeg"):
            raise ValueError(f'keep is "{keep}"; it is raw or jpeg.')
        if keep == "jpeg":
            optional.cv2()
        self.horizon = float(horizon)
        self.most_bytes = int(most_bytes)
        self.keep = keep
        self.size = None
        self._items = []  # (time, encoded frame, encoded labels)

    def __len__(self):
        """Number of frames in it."""
        return len(self._items)

    @property
    def times(self):
        """Seconds of the frames, oldest first, as a list."""
        return [time for time, *_ in self._items]

    @property
    def bytes_kept(self):
        """Bytes of memory of the frames and labels."""
        return sum(frame.size + labels.size for _, frame, labels in self._items)

    def add(self, time, frame, labels):
        """Takes in a frame, and lets go what became too old or too much.

        Args:
            time: seconds on the clock of the video, not before those of the
                newest frame.
            frame: uint8 RGB `[H, W, 3]`.
            labels: uint8 `[H, W]`, the teacher's; 255 where it abstains.

        Raises:
            ValueError: if the time goes back, or an array has another shape
                or type; a change of size needs `clear` first.
        """
        raise NotImplementedError

    def clear(self):
        """Forgets all frames, such as before a video that starts anew."""
        self._items, self.size = [], None

    def sample(self, count, rng):
        """Draws frames, each with equal chance and with replacement.

        Args:
            count: how many.
            rng: `numpy.random.Generator`; the same gives the same frames.

        Returns:
            `(frames, labels)`: uint8 `[count, H, W, 3]` and `[count, H, W]`.

        Raises:
            ValueError: if the buffer is empty.
        """
        raise NotImplementedError

    def save(self, path):
        """Writes all frames to an `.npz` file, whole or not at all.

        Raises:
            OSError: if it cannot be written.
        """
        raise NotImplementedError

    @classmethod
    def load(cls, path, horizon=240.0, most_bytes=2**29):
        """A buffer with the frames that `save` wrote.

        Args:
            path: the file.
            horizon, most_bytes: as for the constructor; what they leave no
                room for is let go.

        Raises:
            OSError: if there is no such file.
            ValueError: if it is damaged.
            ImportError: if its frames are JPEG and OpenCV is not installed.
        """
        raise NotImplementedError
