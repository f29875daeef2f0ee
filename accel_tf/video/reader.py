"""Frames from video files, folders of images and cameras."""

import contextlib
import math
import pathlib
import re

import numpy as np

from accel_tf import optional
from accel_tf.video.container import least_frame_count, why_not_opened

IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".webp")

# FFmpeg gives one failed read per damaged packet, and failed reads for ever
# at the end of the file; this many are tried before it counts as the end.
_READS_PAST_A_FAILURE = 100


def open_video(source, frame_rate=25.0):
    """Opens a source of frames.

    Args:
        source: Path of a video file, path of a folder of frames (png, jpg,
            jpeg, bmp, ppm, webp, in natural order: frame2 before frame10),
            or the index of a camera as an int or a string of digits that is
            not the name of an existing path.
        frame_rate: Frames per second of a source that does not state it:
            folders and some cameras.

    Returns:
        A `VideoReader`.

    Raises:
        FileNotFoundError: There is no such file or folder.
        ValueError: The file is not a video or the folder holds no images.
        OSError: The file cannot be read or the camera cannot be opened.
    """
    if not (math.isfinite(frame_rate) and frame_rate > 0):
        raise ValueError(
            f"frame_rate must be a number above 0, not {frame_rate}"
        )
    if isinstance(source, int | np.integer) and not isinstance(source, bool):
        return _CameraReader(int(source), frame_rate)
    path = pathlib.Path(source)
    if path.is_dir():
        return _FolderReader(path, frame_rate)
    if path.is_file():
        return _FileReader(path, frame_rate)
    if path.exists():
        raise ValueError(
            f"{path} is not an ordinary file; a camera is given by its index"
        )
    if re.fullmatch(r"\d+", str(source), re.ASCII):
        return _CameraReader(int(source), frame_rate)
    raise FileNotFoundError(
        f"no such file or folder: {source}; give a video file, a folder of "
        f"frames or a camera index"
    )


class VideoReader:
    """An iterable of frames, and a context manager.

    Iteration gives uint8 RGB arrays `[height, width, 3]`. Every iteration of
    a file or a folder starts at its first frame; a camera goes on.

    Iteration raises ValueError, with the name of the file and the number of
    the frame (from 0), for a frame that does not decode, a file that ends
    early or a frame of another size, and OSError for a camera that stops.

    Attributes:
        height: Height of the frames in pixels.
        width: Width of the frames in pixels.
        frame_rate: Frames per second, a float.
        frame_count: Number of frames, or None for a camera and for a file
            that does not state it. What a file states may be off by a few.
    """

    def __init__(self, height, width, frame_rate, frame_count):
        self.height = height
        self.width = width
        self.frame_rate = float(frame_rate)
        self.frame_count = frame_count

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def __iter__(self):
        raise NotImplementedError  # abstract

    def close(self):
        """Lets go of the camera; files are open only during iteration."""


class _FolderReader(VideoReader):
    def __init__(self, path, frame_rate):
        self._paths = sorted(
            (
                entry
                for entry in path.iterdir()
                if entry.suffix.lower() in IMAGE_ENDINGS
                and not entry.name.startswith(".")
                and entry.is_file()
            ),
            key=_natural_order,
        )
        if not self._paths:
            endings = " ".join(IMAGE_ENDINGS)
            raise ValueError(f"no images in the folder {path}; need {endings}")
        height, width = self._read(0).shape[:2]
        super().__init__(height, width, frame_rate, len(self._paths))

    def __iter__(self):
        for index, path in enumerate(self._paths):
            frame = self._read(index)
            if frame.shape[:2] != (self.height, self.width):
                raise ValueError(
                    f"frame {index}, {path}, is {_size(frame)} and the first "
                    f"frame is {self.width}x{self.height} (width x height); "
                    f"all frames of a folder must have one size"
                )
            yield frame

    def _read(self, index):
        data = np.fromfile(self._paths[index], np.uint8)
        frame = None
        with optional.quiet_cv2() as cv2, contextlib.suppress(cv2.error):
            frame = cv2.imdecode(data, cv2.IMREAD_COLOR)
        if frame is None:
            raise ValueError(
                f"frame {index}, {self._paths[index]}, does not decode as an "
                f"image; replace or remove the file"
            )
        return cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)


class _FileReader(VideoReader):
    def __init__(self, path, frame_rate):
        self._path = path
        if path.suffix.lower() in IMAGE_ENDINGS:
            raise ValueError(
                f"{path} is a still image; give a video file or the folder "
                f"that holds the frames"
            )
        with self._opened() as (cv2, capture):
            decoded, frame = capture.read()
            stated_rate = capture.get(cv2.CAP_PROP_FPS)
            stated_count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        if not decoded:
            raise ValueError(f"{path} holds no frame that can be decoded")
        if math.isfinite(stated_rate) and stated_rate > 0:
            frame_rate = stated_rate
        # Without a stated length OpenCV gives zero or a huge negative number.
        count = int(stated_count) if stated_count >= 1 else None
        super().__init__(*frame.shape[:2], frame_rate, count)

    @contextlib.contextmanager
    def _opened(self):
        with open(self._path, "rb"):
            pass  # OpenCV does not say that a file may not be read.
        with optional.quiet_cv2() as cv2:
            capture = cv2.VideoCapture(str(self._path))
        try:
            if not capture.isOpened():
                raise ValueError(why_not_opened(self._path))
            yield cv2, capture
        finally:
            capture.release()

    def __iter__(self):
        with self._opened() as (cv2, capture):
            index = 0
            while True:
                decoded, frame = capture.read()
                if not decoded:
                    break
                yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
                index += 1
            if any(capture.grab() for _ in range(_READS_PAST_A_FAILURE)):
                raise ValueError(
                    f"frame {index} of {self._path} does not decode, though "
                    f"later frames do: the file is damaged"
                )
        least = least_frame_count(self._path, self.frame_count, self.frame_rate)
        if index < least:
            raise ValueError(
                f"{self._path} states {self.frame_count} frames but nothing "
                f"can be read from frame {index} on: the file is cut off or "
                f"damaged"
            )


class _CameraReader(VideoReader):
    def __init__(self, index, frame_rate):
        self._index = index
        with optional.quiet_cv2() as cv2:
            # A negative index would let OpenCV choose any camera.
            self._capture = cv2.VideoCapture(index) if index >= 0 else None
            decoded, frame = (
                self._capture.read() if self._capture else (False, None)
            )
        if not decoded:
            self.close()
            raise OSError(
                f"camera {index} cannot be opened; give the index of a "
                f"connected camera (the first is 0), a video file or a folder"
            )
        stated_rate = self._capture.get(cv2.CAP_PROP_FPS)
        if math.isfinite(stated_rate) and stated_rate > 0:
            frame_rate = stated_rate
        super().__init__(*frame.shape[:2], frame_rate, None)

    def __iter__(self):
        cv2 = optional.cv2()
        index = 0
        while self._capture is not None:
            decoded, frame = self._capture.read()
            if not decoded:
                raise OSError(
                    f"camera {self._index} gave no more frames after "
                    f"{index}; is it still connected?"
                )
            yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
            index += 1

    def close(self):
        if self._capture is not None:
            self._capture.release()
            self._capture = None


def _natural_order(path):
    parts = re.split(r"(\d+)", path.name.lower())
    # Parts at odd places are the digits; the name itself breaks ties such as
    # frame1 and frame01.
    numbers = [
        int(part) if place % 2 else part for place, part in enumerate(parts)
    ]
    return numbers, path.name


def _size(frame):
    return f"{frame.shape[1]}x{frame.shape[0]}"
