"""The frames of a source that are wanted, at the size that is wanted."""

import dataclasses
import math

import numpy as np

from accel_tf import optional

EARLY = 1e-6
"""Times are fractions in the file, whose last digits get lost."""


@dataclasses.dataclass(frozen=True, eq=False)
class Wanted:
    """A frame that is to be segmented.

    Attributes:
        index: its number in the source, from 0.
        frame: the `VideoFrame`.
        resized: uint8 RGB as the model sees it.
    """

    index: int
    frame: object
    resized: np.ndarray


def wanted_frames(video, size, start=0.0, end=None, stride=1):
    """The frames of a range of time.

    Args:
        video: a `VideoReader`.
        size: `(height, width)` as the model sees them.
        start, end: seconds; frames from `start` on and before `end`.
        stride: every so many of them.

    Yields:
        `Wanted`.
    """
    count, starts_anew = 0, False
    for index, frame in enumerate(video.frames(), video.first_index):
        if end is not None and frame.time >= end:
            return
        # A frame that is left out may be the first after a gap.
        starts_anew |= frame.starts_anew
        if frame.time < start - EARLY:
            continue
        count += 1
        if (count - 1) % stride:
            continue
        if starts_anew and not frame.starts_anew:
            frame = dataclasses.replace(frame, starts_anew=True)
        starts_anew = False
        yield Wanted(index, frame, resized(frame.image, size))


def expected_count(video, start=0.0, end=None, stride=1):
    """How many frames `wanted_frames` will give, or `None`."""
    limits = [video.frame_count]
    if end is not None:
        limits.append(_frames_before(end, video.frame_rate))
    limits = [limit for limit in limits if limit is not None]
    if not limits:
        return None
    count = min(limits) - _frames_before(start, video.frame_rate)
    return max(0, math.ceil(count / stride))


def _frames_before(seconds, frame_rate):
    return math.ceil(seconds * frame_rate - EARLY)


def resized(image, size):
    """The image at `size`; itself, if it has that size."""
    if tuple(size) == image.shape[:2]:
        return image
    cv2 = optional.cv2()
    # Data sets are made with the mean of the pixels, too.
    shrinks = size[0] <= image.shape[0] and size[1] <= image.shape[1]
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(image, size[::-1], interpolation=interpolation)
