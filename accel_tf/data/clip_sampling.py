"""Which frames of a video, and which parts of them, a clip classifier sees.

Two protocols choose frames: a stride from some start, as on Kinetics, and one
frame of each of equal segments, as on Something-Something. Plain numpy; the
numbers are those of the published tests.
"""

import math

import numpy as np

# In floating point a frame that is meant exactly may come out a hair before.
_HAIR = 1e-6


def clip_indices(length, frames, step, view=0, views=1):
    """Frames of one of several views of a video, evenly spaced.

    A view spans `frames * step` frames. The first starts with the video, the
    others follow at equal distances; none reaches its end, as in the
    original (with one view that is the start of the video). In a video that
    is shorter the last frame stands in for the missing ones.

    Args:
        length: frames of the video.
        frames: frames of the clip.
        step: frames of the video from one frame of the clip to the next; may
            be fractional: of Kinetics, "16x5" at 25 frames per second has
            `5 * 25 / 30`.
        view, views: which view, from 0, of how many.

    Returns:
        int64 `[frames]`, ascending, each from 0 to `length - 1`.

    Raises:
        ValueError: if a number is out of range.
    """
    _check(length, frames, step)
    if not 0 <= view < views:
        raise ValueError(
            f"view must be from 0 to views - 1, not {view} of {views}"
        )
    start = max(length - frames * step, 0) * view / views
    return _spread(start, length, frames, step)


def random_clip_indices(length, frames, step, rng):
    """Frames of a clip that starts anywhere in a video, evenly spaced.

    Args:
        length, frames, step: as of `clip_indices`.
        rng: `numpy.random.Generator`.

    Returns:
        int64 `[frames]`, as of `clip_indices`.

    Raises:
        ValueError: if a number is out of range.
    """
    _check(length, frames, step)
    start = rng.uniform(0, max(length - frames * step, 0))
    return _spread(start, length, frames, step)


def segment_indices(length, frames, rng=None):
    """A frame of each of as many equal segments as the clip has frames.

    Args:
        length: frames of the video; of few, some are taken several times.
        frames: frames of the clip.
        rng: `numpy.random.Generator` that draws the frame of each segment;
            `None` takes the one in its middle.

    Returns:
        int64 `[frames]`, ascending, each from 0 to `length - 1`.

    Raises:
        ValueError: if a number is out of range.
    """
    _check(length, frames)
    # Halves go to the even number, as in the original.
    borders = np.round(np.arange(frames + 1) * ((length - 1) / frames))
    starts, ends = borders[:-1].astype(int), borders[1:].astype(int)
    if rng is None:
        return (starts + ends) // 2
    return rng.integers(starts, ends, endpoint=True)


def crop_views(clip, size, crops):
    """The parts of the frames that a test looks at.

    The short side is brought to `size`, bilinearly, with a filter as wide as
    the new pixels where frames shrink, and squares are cut out along the
    long side. (The originals do not smooth; their frames were stored at
    nearly that size.)

    Args:
        clip: uint8 `[T, H, W, 3]`.
        size: side of a square, in pixels.
        crops: 1 for the centre; 3 for left, centre and right, or top, centre
            and bottom.

    Returns:
        uint8 `[crops, T, size, size, 3]`.

    Raises:
        ValueError: if `clip` is none, or another number is out of range.
    """
    clip = np.asarray(clip)
    if clip.ndim != 4 or clip.shape[-1] != 3 or 0 in clip.shape:
        raise ValueError(f"clip must be [T, H, W, 3], got shape {clip.shape}")
    if clip.dtype != np.uint8:
        raise ValueError(f"clip must be uint8, got {clip.dtype}")
    if crops not in (1, 3):
        raise ValueError(f"crops must be 1 or 3, not {crops!r}")
    clip = _resize(clip, short_side_size(clip.shape[1:3], size))
    views = []
    for top, left in crop_corners(clip.shape[1:3], size, crops):
        views.append(clip[:, top : top + size, left : left + size])
    return np.stack(views)


def short_side_size(size, short):
    """`(height, width)` of frames whose short side is brought to `short`.

    Args:
        size: `(height, width)` of the frames as they are.
        short: pixels, 1 or more.

    Raises:
        ValueError: if `short` is less.
    """
    if short < 1:
        raise ValueError(f"frames need a side of 1 pixel or more, not {short}")
    least = min(size)
    return tuple(math.floor(side * short / least) for side in size)


def crop_corners(size, crop, crops):
    """`(top, left)` of each square of `crop_views`, in their order.

    Args:
        size: `(height, width)` of the frames; one of them is `crop`.
        crop: side of the squares.
        crops: 1 or 3.
    """
    room = max(size) - crop
    starts = (math.ceil(room / 2),)
    if crops == 3:
        starts = (0, *starts, room)
    if size[0] > size[1]:
        return [(start, 0) for start in starts]
    return [(0, start) for start in starts]


def _check(length, frames, step=1.0):
    for name, value in (("length", length), ("frames", frames)):
        if value < 1:
            raise ValueError(f"{name} must be 1 frame or more, not {value}")
    if not 0 < step < math.inf:
        raise ValueError(f"step must be a number above 0, not {step}")


def _spread(start, length, frames, step):
    span = frames * step
    positions = np.linspace(start, start + max(span - 1, 0), frames)
    positions = np.clip(positions + _HAIR, 0, length - 1)
    return np.floor(positions).astype(np.int64)


def _resize(clip, size):
    if clip.shape[1:3] == size:
        return clip
    rows = _taps(clip.shape[1], size[0])
    columns = _taps(clip.shape[2], size[1])
    result = np.empty((len(clip), *size, 3), np.uint8)
    for frame, resized in zip(clip, result, strict=True):
        values = _weighted(frame.astype(np.float32), rows, 0)
        np.rint(_weighted(values, columns, 1), out=resized, casting="unsafe")
    return result


def _taps(old, new):
    """Old pixels of each new one, and how much each counts, `[taps, new]`.

    A triangle as wide as two new pixels, or two old ones where those are the
    larger.
    """
    reach = max(1.0, old / new)
    centres = (np.arange(new) + 0.5) * (old / new) - 0.5
    offsets = np.arange(math.ceil(2 * reach) + 1)[:, None]
    pixels = np.ceil(centres - reach).astype(int) + offsets
    weights = np.maximum(0.0, 1.0 - np.abs(pixels - centres) / reach)
    weights[(pixels < 0) | (pixels >= old)] = 0.0
    weights /= weights.sum(axis=0)
    return np.clip(pixels, 0, old - 1), weights.astype(np.float32)


def _weighted(values, taps, axis):
    total = None
    for pixels, weights in zip(*taps, strict=True):
        weights = weights[:, None, None] if axis == 0 else weights[:, None]
        part = np.take(values, pixels, axis) * weights
        total = part if total is None else total + part
    return total
