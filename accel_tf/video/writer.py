"""Write videos and label images, whole or not at all.

Both writers work beside their target and rename at the end. An exception
leaves neither a partial file nor a changed target. Only a KeyboardInterrupt,
the usual way to stop work on a camera, keeps the frames written so far.
"""

import contextlib
import json
import os
import pathlib
import shutil
import struct
import zlib

import numpy as np

from accel_tf import optional
from accel_tf.data import label_maps

# MPEG-4 part 2 is the best codec that every OpenCV wheel can write; AVI
# players know it by the name XVID.
_CODECS = {".mp4": "mp4v", ".avi": "XVID", ".mkv": "mp4v"}
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class _Writer:
    """A context manager that publishes what was written when all went well."""

    def __init__(self, target):
        # An absolute path: the program may change its working directory.
        self._target = pathlib.Path(target).absolute()
        if not self._target.parent.is_dir():
            raise FileNotFoundError(
                f"no such folder: {self._target.parent}; make it before "
                f"{self._target.name} is written there"
            )
        self._partial = None

    def __enter__(self):
        self.frames_written = 0
        try:
            self._open()
        except BaseException as error:
            self._remove_partial()
            if not isinstance(error, OSError) or not error.strerror:
                raise
            raise OSError(
                f"cannot write to the folder {self._target.parent}: "
                f"{error.strerror}"
            ) from error
        return self

    def __exit__(self, kind, error, traceback):
        wanted = kind is None or issubclass(kind, KeyboardInterrupt)
        try:
            self._close()
            if wanted and self.frames_written:
                self._publish()
        finally:
            self._remove_partial()
        if kind is None and not self.frames_written:
            raise ValueError(
                f"no frame was given, so {self._target} was not written"
            )

    def _check_open(self):
        if self._partial is None:
            raise ValueError(
                f"{type(self).__name__} writes only inside its with block"
            )

    def _close(self):
        """Finishes the partial output."""


class VideoWriter(_Writer):
    """Writes a video file: MPEG-4 in .mp4, .avi or .mkv.

        with VideoWriter("out.mp4", height, width, frame_rate) as writer:
            writer.write(frame)

    The codec is MPEG-4 part 2, which OpenCV can always write. FFmpeg, VLC and
    OpenCV play it; web browsers need it converted to H.264.

    The target appears, or is replaced, when the block ends normally or with
    KeyboardInterrupt (then with the frames so far); after any other exception
    it is untouched.

    Args:
        path: Target path; the ending names the container.
        height: Height of the frames in pixels. The codec needs even sizes: an
            odd one grows by one row or column, a copy of the last.
        width: Width of the frames in pixels; as `height`.
        frame_rate: Frames per second, 0.1 to 1000. What the codec can state
            is rounded: to 0.001 up to 65, to 0.01 up to 655, else to 1.

    Raises:
        FileNotFoundError: The folder of `path` does not exist.
        OSError: The folder cannot be written to, or on leaving the block, the
            video could not be finished.
        ValueError: The ending, a size or the frame rate is not one of the
            above, or on leaving the block, no frame was written.
    """

    def __init__(self, path, height, width, frame_rate):
        optional.cv2()
        super().__init__(path)
        if self._target.suffix.lower() not in _CODECS:
            raise ValueError(
                f"cannot write a video named {self._target.name!r}; the name "
                f"must end in {', '.join(_CODECS)}"
            )
        if self._target.is_dir():
            raise ValueError(f"{path} is a folder; give the name of a file")
        if height < 1 or width < 1:
            raise ValueError(
                f"height and width must be at least 1, not {height} and {width}"
            )
        if not 0.1 <= frame_rate <= 1000:
            raise ValueError(
                f"frame_rate must be 0.1 to 1000 per second, not {frame_rate}"
            )
        self._size = (height, width)
        # MPEG-4 states the rate as a fraction of two 16-bit numbers.
        decimals = 3 if frame_rate <= 65 else 2 if frame_rate <= 655 else 0
        self._frame_rate = round(float(frame_rate), decimals)
        self._video = None

    def write(self, frame):
        """Appends a frame, uint8 RGB `[height, width, 3]`.

        Raises:
            ValueError: The frame has another shape or dtype.
        """
        self._check_open()
        frame = np.asarray(frame)
        if frame.shape != (*self._size, 3) or frame.dtype != np.uint8:
            raise ValueError(
                f"frames of {self._target.name} are uint8 of shape "
                f"{(*self._size, 3)}, not {frame.dtype} of shape {frame.shape}"
            )
        cv2 = optional.cv2()
        frame = cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
        odd_rows, odd_columns = (length % 2 for length in self._size)
        if odd_rows or odd_columns:
            frame = cv2.copyMakeBorder(
                frame, 0, odd_rows, 0, odd_columns, cv2.BORDER_REPLICATE
            )
        self._video.write(frame)
        self.frames_written += 1

    def _open(self):
        suffix = self._target.suffix.lower()
        # OpenCV chooses the container by the ending, so it stays at the end.
        self._partial = self._target.with_name(
            f".{self._target.name}.partial{suffix}"
        )
        # Python says why a file cannot be created; OpenCV does not.
        self._partial.touch()
        height, width = (length + length % 2 for length in self._size)
        with optional.quiet_cv2() as cv2:
            self._video = cv2.VideoWriter(
                str(self._partial),
                cv2.VideoWriter_fourcc(*_CODECS[suffix]),
                self._frame_rate,
                (width, height),
            )
        if not self._video.isOpened():
            raise OSError(
                f"OpenCV has no encoder for {suffix} at {width}x{height}"
            )

    def _close(self):
        self._video.release()

    def _publish(self):
        # OpenCV reports no failed write, so a full disk shows only here.
        with optional.quiet_cv2() as cv2:
            capture = cv2.VideoCapture(str(self._partial))
            count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
            is_complete = (
                capture.isOpened() and count >= self.frames_written - 2
            )
            capture.release()
        if not is_complete:
            raise OSError(
                f"{self._target} could not be finished: not all of its "
                f"{self.frames_written} frames were stored; is the disk full?"
            )
        os.replace(self._partial, self._target)

    def _remove_partial(self):
        if self._partial is not None:
            # What went wrong before is the error to report.
            with contextlib.suppress(OSError):
                self._partial.unlink()
            self._partial = None


class LabelWriter(_Writer):
    """Writes label images as 8-bit palette PNGs 000000.png, 000001.png, ...

    Where every class is one of Cityscapes, pixels hold Cityscapes label ids
    (road = 7, ...; 255 becomes 0, unlabeled) in Cityscapes' colours;
    otherwise the class indices of the label map (255 stays) in its colours.
    `classes.json` beside the images states the name of each value:
    `{"7": "road", ...}`.

    The folder appears when the block ends normally or with KeyboardInterrupt
    (then with the images so far); after any other exception it is untouched.

    Args:
        directory: Target folder; absent or empty, its parent must exist.
        label_map: The `LabelMap` of the labels.

    Raises:
        FileNotFoundError: The parent folder does not exist.
        FileExistsError: `directory` is a file or not empty.
        OSError: The parent folder cannot be written to.
        ValueError: On leaving the block, no image was written.
    """

    def __init__(self, directory, label_map):
        super().__init__(pathlib.Path(directory).resolve())
        if self._target.exists():
            if not self._target.is_dir() or any(self._target.iterdir()):
                raise FileExistsError(
                    f"{directory} exists and is not an empty folder; give the "
                    f"name of a new or empty one"
                )
            # Found out now rather than after hours of work.
            if self._target.is_mount():
                raise FileExistsError(
                    f"{directory} is a mount point, which cannot be renamed; "
                    f"give the name of a folder inside it"
                )
        self._count = count = len(label_map)
        ids = label_map.cityscapes_ids()
        self._values = np.zeros(256, np.uint8)
        if ids is None:
            ids, ignore = np.arange(count), (label_maps.IGNORE, "ignore")
            self._palette = label_map.palette()
        else:
            ignore = (0, "unlabeled")
            self._palette = np.array(label_maps.CITYSCAPES_PALETTE, np.uint8)
        self._values[:count] = ids
        self._values[label_maps.IGNORE] = ignore[0]
        names = dict(zip(map(int, ids), label_map.names, strict=True))
        self._classes = dict(sorted({ignore[0]: ignore[1], **names}.items()))

    def write(self, labels):
        """Writes the next image from class indices, uint8 `[height, width]`.

        Raises:
            ValueError: Another shape or dtype, or an index that is neither a
                class nor 255.
        """
        self._check_open()
        labels = np.asarray(labels)
        if labels.ndim != 2 or not labels.size or labels.dtype != np.uint8:
            raise ValueError(
                f"labels are uint8 of shape [height, width], not "
                f"{labels.dtype} of shape {labels.shape}"
            )
        # One more than the label, which makes IGNORE the lowest.
        highest = np.max(labels + np.uint8(1))
        if highest > self._count:
            raise ValueError(
                f"label {highest - 1} of image {self.frames_written} is no "
                f"class; labels are 0 to {self._count - 1}, or "
                f"{label_maps.IGNORE} for none"
            )
        data = palette_png(self._values[labels], self._palette)
        self._next_image().write_bytes(data)
        self.frames_written += 1

    def _next_image(self):
        return self._partial / f"{self.frames_written:06d}.png"

    def _open(self):
        self._partial = self._target.with_name(f".{self._target.name}.partial")
        # What a killed process left behind.
        shutil.rmtree(self._partial, ignore_errors=True)
        self._partial.mkdir()

    def _publish(self):
        # An interrupt may have stopped the next image half-way.
        self._next_image().unlink(missing_ok=True)
        text = json.dumps(self._classes, indent=2, ensure_ascii=False)
        (self._partial / "classes.json").write_text(f"{text}\n", "utf-8")
        if self._target.exists():
            self._target.rmdir()  # Empty; Windows does not rename over it.
        os.replace(self._partial, self._target)

    def _remove_partial(self):
        if self._partial is not None:
            shutil.rmtree(self._partial, ignore_errors=True)
            self._partial = None


def palette_png(values, palette):
    """Encodes an 8-bit palette image as PNG (RFC 2083, colour type 3).

    Args:
        values: uint8 `[height, width]`, indices into the palette.
        palette: uint8 `[colours, 3]`, 1 to 256 RGB colours.

    Returns:
        The bytes of the PNG file.
    """
    height, width = values.shape
    # Every row begins with its filter type, and 0 (none) suits palettes.
    rows = np.pad(values, ((0, 0), (1, 0)))
    chunks = (
        (b"IHDR", struct.pack(">2I5B", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", palette.tobytes()),
        (b"IDAT", zlib.compress(rows.tobytes())),
        (b"IEND", b""),
    )
    return _PNG_SIGNATURE + b"".join(
        struct.pack(">I", len(data))
        + name
        + data
        + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
