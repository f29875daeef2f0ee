"""Frames of a video on which a plan measures."""

import dataclasses

import numpy as np

from accel_tf.segmentation.in_turn import is_opened_once
from accel_tf.video import open_video

_LAST = 1000
"""Frames into a video from which a window may be: all before are decoded."""
_MEMORY = 256 * 2**20
_MOST_WINDOWS = 6


@dataclasses.dataclass(frozen=True, eq=False)
class Sample:
    """What is known of a video, and some of its frames.

    Attributes:
        source: path of the video or folder.
        size: `(height, width)` of the frames.
        frame_rate: frames per second.
        frame_count: number of frames; `None` if unknown.
        windows: list of windows, each uint8 `[T, height, width, 3]` of
            neighbouring frames.
    """

    source: str
    size: tuple
    frame_rate: float
    frame_count: int | None
    windows: list


def read_sample(source, length):
    """Reads windows from the first minute or so of a video.

    Args:
        source: path of a video, or a folder or pattern of frames.
        length: frames of a window, where the video is long enough.

    Returns:
        `Sample`.

    Raises:
        ValueError, OSError, ImportError: one line, if it cannot be read
            again and again, or at all.
    """
    if is_opened_once(str(source)):
        raise ValueError(
            f"{source} cannot be read again and again; record some seconds "
            "of it, and give the file."
        )
    with open_video(source, on_note=lambda line: None) as video:
        size = video.height, video.width
        windows = _read_windows(video, length)
        if not windows:
            raise ValueError(f"{source} gave no frame.")
        return Sample(
            str(source), size, video.frame_rate, video.frame_count, windows
        )


def _read_windows(video, length):
    frame_bytes = 3 * video.height * video.width
    most = max(1, min(_MOST_WINDOWS, _MEMORY // (length * frame_bytes)))
    available = min(video.frame_count or most * length, _LAST)
    count = max(1, min(most, available // length))
    starts = [
        round(number * (available - length) / max(count - 1, 1))
        for number in range(count)
    ]
    starts = [max(start, 0) for start in starts]
    windows = [[] for _ in starts]
    for index, frame in enumerate(video):
        if index >= starts[-1] + length:
            break
        for start, window in zip(starts, windows, strict=True):
            if start <= index < start + length:
                window.append(np.array(frame))
    return [np.stack(window) for window in windows if window]
