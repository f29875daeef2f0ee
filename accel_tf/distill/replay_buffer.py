"""The frames of the last minutes with their teacher's labels."""

import itertools
import math

import numpy as np

from accel_tf import optional
from accel_tf.distill.arrays_file import read_arrays, write_arrays

_QUALITY = 95  # Of JPEG; H.264 or JPEG took its share before.

# What a file holds: all frames and labels are one array, frame by frame.
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
        time = float(time)
        frame, labels = np.asarray(frame), np.asarray(labels)
        self._check(time, frame, labels)
        item = (time, _packed(frame, self.keep), _packed(labels, self.keep))
        if item[1].size + item[2].size > self.most_bytes:
            raise ValueError(
                f"a frame takes {item[1].size + item[2].size} bytes; "
                f"{self.most_bytes} are all that the buffer may have."
            )
        self.size = labels.shape
        self._items.append(item)
        self._let_go()

    def _check(self, time, frame, labels):
        if not math.isfinite(time):
            raise ValueError(f"the time of a frame is {time}.")
        if self._items and time < self._items[-1][0]:
            raise ValueError(
                f"a frame of {time} s comes after one of "
                f"{self._items[-1][0]} s; clear() begins anew."
            )
        if (
            frame.dtype != "uint8"
            or labels.dtype != "uint8"
            or frame.ndim != 3
            or frame.shape != (*labels.shape, 3)
        ):
            raise ValueError(
                "a uint8 frame [H, W, 3] and uint8 labels [H, W] are needed, "
                f"not {frame.dtype} {list(frame.shape)} and {labels.dtype} "
                f"{list(labels.shape)}."
            )
        if self.size not in (None, labels.shape):
            raise ValueError(
                f"a frame has {labels.shape[0]}x{labels.shape[1]} pixels, "
                f"those before {self.size[0]}x{self.size[1]}; clear() begins "
                "anew."
            )

    def _let_go(self):
        newest = self._items[-1][0]
        sizes = [frame.size + labels.size for _, frame, labels in self._items]
        too_many = sum(sizes) - self.most_bytes
        count = 0
        while too_many > 0 or newest - self._items[count][0] >= self.horizon:
            too_many -= sizes[count]
            count += 1
        del self._items[:count]

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
        if not self._items:
            raise ValueError("the buffer is empty; add frames first.")
        chosen = rng.integers(len(self._items), size=count)
        frames = np.empty((count, *self.size, 3), np.uint8)
        labels = np.empty((count, *self.size), np.uint8)
        for place, index in enumerate(chosen):
            _, frame, of_frame = self._items[index]
            frames[place] = _unpacked(frame, frames.shape[1:], self.keep)
            labels[place] = _unpacked(of_frame, labels.shape[1:], self.keep)
        return frames, labels

    def save(self, path):
        """Writes all frames to an `.npz` file, whole or not at all.

        Raises:
            OSError: if it cannot be written.
        """
        arrays = [each for _, *pair in self._items for each in pair]
        lengths = [each.size for each in arrays]
        write_arrays(
            path,
            {
                "keep": np.array(self.keep, "<U4"),
                "size": np.array(self.size or (), np.int64),
                "times": np.array(self.times, np.float64),
                "lengths": np.array(lengths, np.int64).reshape(-1, 2),
                "data": np.concatenate([np.zeros(0, np.uint8), *arrays]),
            },
        )

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
        arrays = read_arrays(path, _KINDS)
        times, lengths = arrays["times"].tolist(), arrays["lengths"]
        keep, size = str(arrays["keep"]), tuple(arrays["size"].tolist())
        if not (
            keep in ("raw", "jpeg")
            and lengths.shape == (len(times), 2)
            and (lengths > 0).all()
            and lengths.sum() == len(arrays["data"])
            and (len(size) == 2 or not times)
            and all(math.isfinite(time) for time in times)
            and times == sorted(times)
        ):
            raise ValueError(f"the arrays in {path} do not fit each other.")
        buffer = cls(horizon, most_bytes, keep)
        # Copies, so that letting a frame go frees its memory.
        places = itertools.pairwise([0, *np.cumsum(lengths)])
        parts = [arrays["data"][start:stop].copy() for start, stop in places]
        try:
            for frame, labels in zip(parts[::2], parts[1::2], strict=True):
                _unpacked(frame, (*size, 3), keep)
                _unpacked(labels, size, keep)
        except ValueError as error:
            raise ValueError(f"a frame in {path} is damaged.") from error
        if times:
            buffer._items = list(
                zip(times, parts[::2], parts[1::2], strict=True)
            )
            buffer.size = size
            buffer._let_go()
        return buffer


def _packed(image, keep):
    """A frame or a label map as uint8 `[bytes]`."""
    if keep == "raw":
        return image.ravel().copy()
    cv2 = optional.cv2()
    kind, options = ".png", []
    if image.ndim == 3:
        kind, options = ".jpg", [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
        image = image[..., ::-1]
    return cv2.imencode(kind, np.ascontiguousarray(image), options)[1].ravel()


def _unpacked(data, shape, keep):
    """The image again; `ValueError` if it has another shape."""
    if keep == "raw":
        return data.reshape(shape)
    with optional.quiet_cv2() as cv2:
        is_frame = len(shape) == 3
        kind = cv2.IMREAD_COLOR if is_frame else cv2.IMREAD_GRAYSCALE
        image = cv2.imdecode(data, kind)
    if image is None or image.shape != tuple(shape):
        raise ValueError(f"this is no image of {list(shape)}.")
    return image[..., ::-1] if is_frame else image
