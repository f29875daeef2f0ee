"""Write videos, whole or not at all."""

import contextlib
import os

import numpy as np

from accel_tf import optional
from accel_tf.video.whole_output import WholeOutput

# MPEG-4 part 2 is the best codec that every OpenCV wheel can write; AVI
# players know it by the name XVID.
_CODECS = {".mp4": "mp4v", ".avi": "XVID", ".mkv": "mp4v"}


class VideoWriter(WholeOutput):
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
