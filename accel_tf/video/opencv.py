"""Video files by OpenCV alone, where PyAV is not installed."""

import contextlib
import math
import os

from accel_tf import optional
from accel_tf.video.encoders import stated_rate
from accel_tf.video.video_reader import (
    DEFAULT_FRAME_RATE,
    VideoFrame,
    VideoReader,
)

# FFmpeg gives one failed read per damaged packet, and failed reads for ever
# at the end of the file; this many are tried before it counts as the end.
_READS_PAST_A_FAILURE = 100

NOTE = (
    "PyAV is not installed: OpenCV reads and writes videos, without sound, "
    "with a constant frame rate, and in MPEG-4, which browsers do not play; "
    'install it with: pip install "accel-tf[video]"'
)


class OpenCvReader(VideoReader):
    """Reads a video file; a file that ends early is not noticed.

    Args: as those of `FileReader`.
    """

    def __init__(self, source, name, frame_rate, strict, on_note):
        on_note(NOTE)
        if not isinstance(source, os.PathLike):
            optional.av()  # Says how to install it.
        self._source, self._name, self._strict = source, name, strict
        with self._opened() as (cv2, capture):
            decoded, frame = capture.read()
            rate = capture.get(cv2.CAP_PROP_FPS)
            count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        if not decoded:
            raise ValueError(f"{name} holds no frame that can be decoded")
        is_stated = math.isfinite(rate) and rate > 0
        super().__init__(
            *frame.shape[:2],
            rate if is_stated else frame_rate or DEFAULT_FRAME_RATE,
            # Without a stated length there is zero or a huge negative number.
            int(count) if count >= 1 else None,
        )

    @contextlib.contextmanager
    def _opened(self):
        with open(self._source, "rb"):
            pass  # OpenCV does not say that a file may not be read.
        with optional.quiet_cv2() as cv2:
            capture = cv2.VideoCapture(str(self._source))
        try:
            if not capture.isOpened():
                raise ValueError(
                    f"{self._name} is not a video that OpenCV can read; give "
                    f"a video file, a folder of frames or a camera index"
                )
            yield cv2, capture
        finally:
            capture.release()

    def frames(self):
        """Gives each frame as a `VideoFrame`."""
        self.damaged = []
        index, failures, image = 0, 0, None
        with self._opened() as (cv2, capture):
            while failures < _READS_PAST_A_FAILURE:
                decoded, frame = capture.read()
                if not decoded:
                    failures += 1
                    continue
                if failures and self._strict:
                    raise ValueError(
                        f"frame {index} of {self._name} does not decode: the "
                        f"file is damaged"
                    )
                following = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
                for _ in range(failures):
                    self.damaged.append(index)
                    before = following if image is None else image
                    yield self._frame(before, index, is_damaged=True)
                    index += 1
                failures, image = 0, following
                yield self._frame(image, index)
                index += 1

    def _frame(self, image, index, is_damaged=False):
        return VideoFrame(image, index / self.frame_rate, None, is_damaged)


class OpenCvOutput:
    """An open file that takes frames: MPEG-4 at a constant rate, no sound.

    Args:
        path: Of the file; it is replaced.
        output: `OutputFormat`.
        height, width: Of the frames in pixels.
        frame_rate: Frames per second.

    Raises:
        OSError: OpenCV cannot write such a file.
    """

    def __init__(self, path, output, height, width, frame_rate):
        self._path, self._count = path, 0
        self._odd = height % 2, width % 2
        size = width + width % 2, height + height % 2
        with optional.quiet_cv2() as cv2:
            self._video = cv2.VideoWriter(
                str(path),
                cv2.VideoWriter_fourcc(*output.encoder),
                float(stated_rate(frame_rate, output.codec)),
                size,
            )
        if not self._video.isOpened():
            raise OSError(
                f"OpenCV has no encoder for {output.ending} at "
                f"{size[0]}x{size[1]}"
            )

    def write(self, frame, seconds=None):
        """Encodes a frame, uint8 RGB; its time is not kept."""
        cv2 = optional.cv2()
        frame = cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
        if any(self._odd):
            frame = cv2.copyMakeBorder(
                frame, 0, self._odd[0], 0, self._odd[1], cv2.BORDER_REPLICATE
            )
        self._video.write(frame)
        self._count += 1

    def close(self):
        """Ends the file.

        Raises:
            OSError: Not all was stored, which OpenCV does not say: the disk
                may be full.
        """
        self._video.release()
        with optional.quiet_cv2() as cv2:
            capture = cv2.VideoCapture(str(self._path))
            count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
            is_complete = capture.isOpened() and count >= self._count - 2
            capture.release()
        if not is_complete:
            raise OSError(
                f"not all of {self._count} frames were stored; is the disk "
                f"full?"
            )
