"""Frames from a video file or the standard input."""

import os
import select
import threading

from accel_tf import optional
from accel_tf.video.decoder import Decoder, NoVideoError, one_line
from accel_tf.video.video_reader import (
    DEFAULT_FRAME_RATE,
    VideoFrame,
    VideoReader,
)

_ABOUT_PIPES = (
    "; an MP4 file whose index is at its end must be given as a file, not "
    "through a pipe"
)


class FileReader(VideoReader):
    """Reads a video file, or a binary file object once.

    Args:
        source: `pathlib.Path`, or a binary file object.
        name: What messages call it.
        frame_rate: Frames per second of a file without time stamps; `None`
            for the one that it states, or else 25.
        strict: Whether a frame that does not decode, and a file that ends
            early, are errors.
        on_note: Called with one line about what is worth knowing.

    Raises:
        ValueError: It holds no video that can be read.
        OSError: It cannot be read.
    """

    def __init__(self, source, name, frame_rate, strict, on_note):
        self._source, self._name = source, name
        self._strict, self._note = strict, on_note
        self._is_read, self._stopped = False, threading.Event()
        # Kept for the first iteration: the standard input opens only once.
        self._decoder = decoder = self._open()
        is_given = frame_rate is not None and not decoder.is_timed
        self._step = 1 / frame_rate if is_given else None
        rate = frame_rate if is_given else decoder.frame_rate
        super().__init__(
            decoder.height,
            decoder.width,
            rate or frame_rate or DEFAULT_FRAME_RATE,
            decoder.frame_count,
        )
        self.has_sound = decoder.has_sound

    def _open(self):
        av = optional.av()
        source = self._source
        if isinstance(source, os.PathLike):
            with open(source, "rb"):
                pass  # Python says better why a file may not be read.
            # As a URL, or a name with a colon would name a protocol.
            source = f"file:{os.fspath(source)}"
        elif self._is_read:
            raise OSError(f"{self._name} can be read only once")
        else:
            self._is_read = True
            if not source.seekable():
                source = _Pipe(source, self._stopped)
        try:
            return Decoder(source, self._name, on_note=self._note)
        except NoVideoError as error:
            if isinstance(source, _Pipe):
                raise NoVideoError(f"{error}{_ABOUT_PIPES}") from error
            raise
        except av.FFmpegError as error:
            reason = _why_not_opened(self._source, self._name, error)
            raise ValueError(reason) from error

    def frames(self):
        """Gives each frame as a `VideoFrame`."""
        decoder, self._decoder = self._decoder or self._open(), None
        self.damaged = []
        try:
            yield from self._frames(decoder)
        finally:
            decoder.close()

    def _frames(self, decoder):
        last, before_the_first = None, []
        index = 0
        for image, seconds, is_damaged in decoder:
            if is_damaged:
                self._count_damage(index)
            if self._step:
                seconds = index * self._step
            index += 1
            if image is None and last is None:
                before_the_first.append(seconds)
                continue
            last = last if image is None else image
            for earlier in before_the_first:
                yield VideoFrame(last, earlier, is_damaged=True)
            before_the_first = []
            yield VideoFrame(last, seconds, is_damaged=is_damaged)
        if decoder.fault and not self._stopped.is_set():
            line = (
                f"{self._name} is cut off or damaged: after {index} frames "
                f"{decoder.fault}"
            )
            if self._strict:
                raise ValueError(line)
            self._note(line)

    def _count_damage(self, index):
        if self._strict:
            raise ValueError(
                f"frame {index} of {self._name} does not decode: the file is "
                f"damaged"
            )
        self.damaged.append(index)

    def stop(self):
        self._stopped.set()

    def close(self):
        """Closes the file, if no frame was asked for; else iteration does."""
        if self._decoder is not None:
            self._decoder.close()
            self._decoder = None


class _Pipe:
    """A file object that gives what is there rather than wait for more.

    Args:
        file: A binary file object.
        stopped: `threading.Event`; once it is set, the file is at its end.
    """

    def __init__(self, file, stopped):
        self._file, self._stopped = file, stopped

    def read(self, size):
        while not self._is_ready():
            if self._stopped.is_set():
                return b""
        read = getattr(self._file, "read1", self._file.read)
        return read(size)

    def _is_ready(self):
        """Whether a read will not wait, after a moment."""
        try:
            return bool(select.select([self._file], [], [], 0.1)[0])
        except (OSError, ValueError, TypeError):
            return True  # No file of the system, or not one to wait for.


def _why_not_opened(source, name, error):
    """One line that says why FFmpeg could not open a file as a video."""
    if isinstance(source, os.PathLike):
        if os.path.getsize(source) == 0:
            return f"{name} is empty (0 bytes); give a video file"
        with open(source, "rb") as file:
            if file.read(8)[4:] == b"ftyp":
                return (
                    f"{name} is an incomplete MP4 file: its index (moov) is "
                    f"missing or damaged, as when a recording or a download "
                    f"was cut off"
                )
    elif not source.seekable():
        return (
            f"{name} is not a video that FFmpeg can read "
            f"({one_line(error)}){_ABOUT_PIPES}"
        )
    return (
        f"{name} is not a video that FFmpeg can read ({one_line(error)}); "
        f"give a video file, a folder of frames or a camera index"
    )
