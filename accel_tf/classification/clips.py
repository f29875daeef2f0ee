"""The clips of a video: windows that slide, or the views of a test."""

import collections
import dataclasses

import numpy as np

from accel_tf.data.clip_sampling import (
    clip_indices,
    crop_views,
    segment_indices,
)


@dataclasses.dataclass(frozen=True, eq=False)
class Clip:
    """A part of a video as the model sees it.

    Attributes:
        start, end: times of its first and last frame, in seconds.
        crops: uint8 `[crops, T, size, size, 3]`.
    """

    start: float
    end: float
    crops: np.ndarray


class SlidingWindow:
    """Gives a clip after every so many frames of a video.

    Args:
        options: `ClassifyOptions` of a model (`ClassifyOptions.of`).
        frame_rate: of the video.
    """

    def __init__(self, options, frame_rate):
        self._span = options.span_at(frame_rate)
        step = options.step_at(frame_rate)
        self._indices = clip_indices(self._span, options.frames, step)
        every = options.every
        self._every = max(1, round(frame_rate * every)) if every else None
        if self._every is None:
            self._every = max(1, self._span // 2)
        self._held = collections.deque(maxlen=self._span)
        self._since = 0

    def add(self, time, crop):
        """Takes the next frame.

        Args:
            time: seconds.
            crop: uint8 `[size, size, 3]`.

        Returns:
            A `Clip` if one is due, else `None`.
        """
        was_full = len(self._held) == self._span
        self._held.append((time, crop))
        if len(self._held) < self._span:
            return None
        self._since += was_full
        if was_full and self._since < self._every:
            return None
        return self._clip()

    def finish(self):
        """The `Clip` that ends with the video, if one is due."""
        if len(self._held) < self._span or not self._since:
            return None
        return self._clip()

    def start_anew(self):
        """Forgets the frames before a gap."""
        self._held.clear()
        self._since = 0

    def _clip(self):
        self._since = 0
        crops = np.stack([self._held[index][1] for index in self._indices])
        return Clip(self._held[0][0], self._held[-1][0], crops[None])


def views_of(frames, length, options, frame_rate):
    """The clips of a test.

    Args:
        frames: iterable of `(time, image)`, image uint8 `[H, W, 3]`.
        length: how many they are.
        options: `ClassifyOptions` of a model.
        frame_rate: of the video.

    Returns:
        list of `Clip`.
    """
    indices = _indices_of_views(length, options, frame_rate)
    wanted = set(np.concatenate(indices).tolist())
    seen = {}
    for index, (time, image) in enumerate(frames):
        if index in wanted:
            crops = crop_views(image[None], options.size, options.views[1])
            seen[index] = time, crops[:, 0]
    return [
        Clip(
            seen[chosen[0]][0],
            seen[chosen[-1]][0],
            np.stack([seen[index][1] for index in chosen.tolist()], axis=1),
        )
        for chosen in indices
    ]


def _indices_of_views(length, options, frame_rate):
    views = options.views[0]
    if options.step is None:
        # Of several, as published, each draws its frames.
        rngs = (
            [None] if views == 1 else map(np.random.default_rng, range(views))
        )
        return [segment_indices(length, options.frames, rng) for rng in rngs]
    step = options.step_at(frame_rate)
    return [
        clip_indices(length, options.frames, step, view, views)
        for view in range(views)
    ]
