"""The base class of all sources of frames, and the frames that they give."""

import dataclasses

import numpy as np

DEFAULT_FRAME_RATE = 25.0
"""Frames per second of a source that states none."""


class SourceLostError(OSError):
    """A stream or camera that gave frames has gone for good.

    Writers keep what was written before it.
    """


@dataclasses.dataclass(frozen=True, eq=False)
class VideoFrame:
    """A frame of a `VideoReader`.

    Attributes:
        image: uint8 RGB `[height, width, 3]`.
        time: Seconds since the first frame, by the source's time stamps.
        name: Name of the image file without its ending; None for frames of
            videos and cameras.
        is_damaged: Whether the frame did not decode; `image` is then the one
            before (or, before the first that decodes, the one after).
        starts_anew: Whether the source was connected again before this frame,
            so that it does not follow from the one before.
    """

    image: np.ndarray
    time: float
    name: str | None = None
    is_damaged: bool = False
    starts_anew: bool = False


class VideoReader:
    """An iterable of frames, and a context manager.

    Iteration gives uint8 RGB arrays `[height, width, 3]`; `frames` gives the
    same images with their times and what happened to them. Every iteration of
    a file or of images starts at the first frame; a camera, a stream and the
    standard input go on.

    Iteration raises ValueError, with the name of the image, for one of another
    size, and with `strict` for a frame that does not decode and a file that
    ends early; `SourceLostError` for a camera or stream that is lost for good.

    Attributes:
        height: Height of the frames in pixels.
        width: Width of the frames in pixels.
        frame_rate: Mean number of frames per second, a float.
        frame_count: Number of frames, or None for a camera or stream and for
            a file that does not state it. What a file states may be off.
        has_sound: Whether the source has a stream of sound.
        damaged: Numbers of the frames, from 0, that did not decode so far.
        dropped: How many frames were left out so far because they came too
            late: of a live source only.
        first_index: Number in the source of the first frame that is given.
        reconnects: How often a camera or stream was connected again so far.
    """

    has_sound = False
    first_index = 0

    def __init__(self, height, width, frame_rate, frame_count):
        self.height = height
        self.width = width
        self.frame_rate = float(frame_rate)
        self.frame_count = frame_count
        self.damaged = []
        self.dropped = 0
        self.reconnects = 0

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def __iter__(self):
        for frame in self.frames():
            yield frame.image

    def frames(self):
        """Gives each frame as a `VideoFrame`."""
        raise NotImplementedError  # abstract

    def stop(self):
        """Ends an iteration in another thread, also one that waits.

        For a pipe that is open and gives nothing, or a stream that is gone
        and may come back: nobody can wait for the end of these. Where FFmpeg
        or the camera waits, it takes some seconds.
        """

    def close(self):
        """Lets go of the file, camera or connection."""
