"""Frames from image files."""

from accel_tf.data.images import decode_image, image_bits
from accel_tf.video.video_reader import (
    DEFAULT_FRAME_RATE,
    VideoFrame,
    VideoReader,
)

# Images of 16 bits are looked at to find how many bits they use; all of a
# long folder would take long.
_MOST_SAMPLES = 12
_DEEP_ENDINGS = (".tif", ".tiff", ".pgm", ".ppm")


class ImageReader(VideoReader):
    """Reads images of one size as a video.

    Args:
        paths: `pathlib.Path` of each image, in order, at least one.
        frame_rate: Frames per second, or `None` for 25.
        strict: Whether an image that does not decode is an error.
        on_note: Called with one line about what is worth knowing.

    Raises:
        ValueError: No image decodes.
    """

    def __init__(self, paths, frame_rate, strict, on_note):
        self._paths, self._strict = paths, strict
        self._bits = _bits(paths)
        if self._bits is not None and 8 < self._bits < 16:
            on_note(
                f"{paths[0].parent}: images of 16 bits that use only "
                f"{self._bits}; they are read as {self._bits} bits"
            )
        image = self._first_image()
        super().__init__(
            *image.shape[:2], frame_rate or DEFAULT_FRAME_RATE, len(paths)
        )

    def frames(self):
        """Gives each image as a `VideoFrame`."""
        self.damaged = []
        last = None
        for index, path in enumerate(self._paths):
            try:
                image = last = self._read(index)
                is_damaged = False
            except ValueError:
                if self._strict:
                    raise
                self.damaged.append(index)
                is_damaged = True
                image = self._first_image() if last is None else last
            if image.shape[:2] != (self.height, self.width):
                raise ValueError(
                    f"frame {index}, {path}, is {_size(image)} and the first "
                    f"frame is {self.width}x{self.height} (width x height); "
                    f"all images must have one size"
                )
            seconds = index / self.frame_rate
            yield VideoFrame(image, seconds, path.stem, is_damaged)

    def _first_image(self):
        """The first image that decodes."""
        for index in range(len(self._paths)):
            try:
                return self._read(index)
            except ValueError:
                if self._strict or index == len(self._paths) - 1:
                    raise

    def _read(self, index):
        path = self._paths[index]
        name = f"frame {index}, {path},"
        return decode_image(path.read_bytes(), name, self._bits)


def _bits(paths):
    """The bits that the images use together: a dark one must stay dark.

    `None` if none has 16 bits a value.
    """
    paths = [path for path in paths if _may_be_deep(path)]
    step = max(1, len(paths) // _MOST_SAMPLES)
    found = []
    for path in paths[::step]:
        try:
            found.append(image_bits(path.read_bytes()))
        except ValueError:
            pass  # Told of when its turn comes.
    return max(found, default=None)


def _may_be_deep(path):
    ending = path.suffix.lower()
    if ending != ".png":
        return ending in _DEEP_ENDINGS
    with open(path, "rb") as file:
        # The header's first byte after the size (RFC 2083, 4.1.1).
        return file.read(25)[24:] == b"\x10"


def _size(image):
    return f"{image.shape[1]}x{image.shape[0]}"
