"""Write videos, whole or not at all."""

import contextlib
import math
import warnings

import numpy as np

from accel_tf import optional
from accel_tf.video.encoders import check_output
from accel_tf.video.opencv import NOTE, OpenCvOutput
from accel_tf.video.whole_output import WholeOutput


class VideoWriter(WholeOutput):
    """Writes a video file.

        with VideoWriter("out.mp4", height, width, frame_rate) as writer:
            writer.write(frame)

    Without more words, .mp4, .mkv and .mov hold H.264 as browsers, phones and
    chat programs play it (yuv420p, the index in front, its colour stated),
    .webm holds VP9, .avi MPEG-4 at a constant rate, and .gif pictures of 256
    colours. Without PyAV, OpenCV writes MPEG-4, and a note says so.

    The target appears, or is replaced, when the block ends normally, or with
    KeyboardInterrupt or `SourceLostError` (then with the frames so far); after
    any other exception it is untouched.

    Args:
        path: Target path; the ending names the container.
        height: Height of the frames in pixels. Most codecs need even sizes: an
            odd one grows by one row or column, a copy of the last.
        width: Width of the frames in pixels; as `height`.
        frame_rate: Frames per second, a positive number: how far frames
            without a time are apart, and how long the only frame lasts.
        codec: `"h264"`, `"hevc"`, `"vp9"`, `"av1"` or `"mpeg4"`; `None` for
            the usual one of the ending. If FFmpeg has no encoder of H.264,
            that is VP9, and a note says so.
        quality: 0 (smallest file) to 100 (hardly a difference to be seen);
            `None` is 70. For H.264 it is the constant rate factor 45 to 10,
            for HEVC 47 to 12, for VP9 and AV1 60 to 12, for MPEG-4 the
            quantiser 31 to 2.
        sound_from: Path of a video whose sound is written beside the frames:
            copied where players of the container take it, else as AAC (Opus
            in .webm, MP3 in .avi). A note says if it cannot be.
        sound_range: `(start, end)` of that sound in seconds from its file's
            first picture. `None` begins at the time of the first frame that
            is written. The sound ends with the frames.
        on_note: Called with one line about what is worth knowing. `None`:
            `warnings.warn`.

    Raises:
        FileNotFoundError: The folder of `path` does not exist.
        OSError: The folder cannot be written to, FFmpeg has no such encoder,
            or the video could not be written, as on a full disk.
        ValueError: The ending, a size, the frame rate, the codec or the
            quality is not one of the above, or on leaving the block, no frame
            was written.
        ImportError: Neither PyAV nor OpenCV is installed, or PyAV is needed
            for what is asked.
    """

    def __init__(
        self, path, height, width, frame_rate, codec=None, quality=None,
        sound_from=None, sound_range=None, on_note=None,
    ):  # fmt: skip
        super().__init__(path)
        self._format = check_output(
            path, height, width, frame_rate, codec, quality
        )
        self._size = (height, width)
        self._frame_rate = float(frame_rate)
        self._sound_from, self._sound_range = sound_from, sound_range
        self._note = on_note or _warn
        if self._format.note:
            self._note(self._format.note)
        self._output = None

    def write(self, frame, time=None):
        """Appends a frame.

        Args:
            frame: uint8 RGB `[height, width, 3]`.
            time: Seconds by any clock, above the time of the frame before; the
                first frame is shown from the start on, whatever its time.
                `None`: frames are `1 / frame_rate` apart. Give it for all
                frames or none.

        Raises:
            ValueError: The frame has another shape or dtype, or the time is
                not above the one before.
            OSError: The video cannot be written, as on a full disk.
        """
        self._check_open()
        frame = np.asarray(frame)
        if frame.shape != (*self._size, 3) or frame.dtype != np.uint8:
            raise ValueError(
                f"frames of {self._target.name} are uint8 of shape "
                f"{(*self._size, 3)}, not {frame.dtype} of shape {frame.shape}"
            )
        if time is not None:
            time = self._checked(time)
        with self._reported():
            if self._output is None:
                self._first_time = time or 0.0
                self._output = self._opened(self._first_time)
            if time is not None:
                self._last_time = time
                time -= self._first_time
            self._output.write(np.ascontiguousarray(frame), time)
        self.frames_written += 1

    def _checked(self, time):
        if not math.isfinite(time):
            raise ValueError(f"time must be a number of seconds, not {time}")
        if self._last_time is not None and time <= self._last_time:
            raise ValueError(
                f"frame {self.frames_written} has the time {time:g} s, which "
                f"is not after the {self._last_time:g} s of the one before"
            )
        return float(time)

    @contextlib.contextmanager
    def _reported(self):
        try:
            yield
        except optional.av_errors() as error:
            named = OSError(
                f"{self._target} could not be written: "
                f"{error.strerror or error}"
            )
            named.errno = error.errno
            raise named from error

    def _open(self):
        self._partial = self._folder / f"video{self._format.ending}"
        # Python says why a file cannot be created; FFmpeg and OpenCV less so.
        self._partial.touch()
        # FFmpeg's part is opened with the first frame, which says where the
        # sound begins.
        self._output = self._first_time = self._last_time = None

    def _opened(self, first_time):
        arguments = (self._partial, self._format, *self._size, self._frame_rate)
        if self._format.codec is None:
            self._note(NOTE)
            return OpenCvOutput(*arguments)
        from accel_tf.video.av_output import AvOutput

        return AvOutput(*arguments, lambda *to: self._sound(first_time, *to))

    def _sound(self, first_time, container):
        if self._sound_from is None:
            return None
        from accel_tf.video.sound import open_sound

        return open_sound(
            self._sound_from,
            container,
            self._format.ending,
            self._sound_range or (first_time, math.inf),
            self._note,
        )

    def _close(self):
        if self._output is not None:
            with self._reported():
                self._output.close()


def _warn(line):
    warnings.warn(line, stacklevel=2)
