"""Whether labels stay the same along the motion of the scene."""

import dataclasses

import numpy as np

from accel_tf.data.label_maps import IGNORE
from accel_tf.metrics.mean_iou import confusion_matrix, mean_iou

KEY = "key"
AFTER_KEY = "after_key"
OTHER = "other"
KINDS = (KEY, AFTER_KEY, OTHER)
"""Of frames: the first that rests on a key frame, the next, and the rest."""


@dataclasses.dataclass(frozen=True)
class Correspondence:
    """Where the pixels of a frame were in the frame before.

    Attributes:
        source: int64 `[H, W]`: index into the raveled previous frame; 0
            where the point was outside of it.
        reliable: bool `[H, W]`: false where the point was outside the
            previous frame or hidden in it.
    """

    source: np.ndarray
    reliable: np.ndarray

    def warp(self, values, unknown):
        """The previous frame's values, moved to where the pixels are now.

        Args:
            values: `[H, W]`, of the previous frame.
            unknown: what unreliable pixels get.
        """
        moved = np.asarray(values).ravel()[self.source]
        moved[~self.reliable] = unknown
        return moved


def correspondence(backward, forward=None):
    """Follows an optical flow back to the nearest pixel, and checks it.

    With both directions a pixel is reliable where the way there and back
    ends near its start (Sundaram, Brox and Keutzer, ECCV 2010, equation 5).
    An exact flow has one direction only; there a pixel is reliable unless
    points that move differently, by more than one pixel, come from the same
    place: one of them was hidden behind the other.

    Args:
        backward: float `[H, W, 2]`: the point at (x, y) was at
            (x + dx, y + dy) in the previous frame; channels (dx, dy), pixels.
        forward: float `[H, W, 2]`: from the previous frame to this one;
            `None` if it is not known.

    Returns:
        `Correspondence`.

    Raises:
        ValueError: if a flow is not `[H, W, 2]`.
    """
    for flow in (backward, backward if forward is None else forward):
        if flow.ndim != 3 or flow.shape != (*backward.shape[:2], 2):
            raise ValueError(
                "flow must be [H, W, 2], the same in both directions, got "
                f"{backward.shape} and {flow.shape}."
            )
    height, width = backward.shape[:2]
    # Beyond any image, yet within the range of integers.
    flow = np.clip(np.nan_to_num(backward, nan=1e6), -1e6, 1e6)
    columns = np.rint(np.arange(width) + flow[..., 0]).astype("int64")
    rows = np.rint(np.arange(height)[:, None] + flow[..., 1]).astype("int64")
    inside = (0 <= columns) & (columns < width) & (0 <= rows) & (rows < height)
    source = np.where(inside, rows * width + columns, 0)
    if forward is None:
        consistent = _unambiguous(flow, source, inside)
    else:
        there = forward.reshape(-1, 2)[source]
        error = np.square(flow + there).sum(-1)
        length = np.square(flow).sum(-1) + np.square(there).sum(-1)
        consistent = error < 0.01 * length + 0.5
    return Correspondence(source, inside & consistent)


def _unambiguous(flow, source, inside):
    """Where all pixels with one source have nearly the same flow."""
    origins = source[inside]
    same = np.ones(inside.shape, bool)
    for component in (flow[..., 0], flow[..., 1]):
        lowest = np.full(inside.size, np.inf, "float32")
        highest = np.full(inside.size, -np.inf, "float32")
        np.minimum.at(lowest, origins, component[inside])
        np.maximum.at(highest, origins, component[inside])
        same[inside] &= (highest - lowest)[origins] <= 1
    return same


class TemporalConsistency:
    """Counts, frame by frame, how labels change along the flow.

        consistency = TemporalConsistency(num_classes)
        consistency.update(first_labels)
        consistency.update(second_labels, correspondence(flow))

    Args:
        num_classes: number of classes.

    Attributes:
        confusion: int64 `[classes, classes]`: label of a pixel in the frame
            before (rows) and now (columns), over all pairs of frames.
        flickering: number of pixels whose label was another one frame ago,
            but the present one two frames ago.
        followed: number of pixels that could be followed over two frames.
        changes: dict of the kind of frame, as given to `update` -> number of
            pixels whose label was another one frame ago, and of those that
            could be followed.
    """

    def __init__(self, num_classes):
        self.num_classes = num_classes
        self.confusion = np.zeros((num_classes, num_classes), "int64")
        self.flickering = self.followed = 0
        self.changes = {}
        self.reset()

    def reset(self):
        """Starts another sequence; the counts stay."""
        self._previous = None
        self._before_previous = None  # where its pixels are one frame later

    def add(self, other):
        """Adds what another `TemporalConsistency` has counted."""
        self.confusion += other.confusion
        self.flickering += other.flickering
        self.followed += other.followed
        for kind, counts in other.changes.items():
            before = self.changes.get(kind, (0, 0))
            both = zip(before, counts, strict=True)
            self.changes[kind] = tuple(map(sum, both))

    def update(self, labels, pixels=None, kind=None):
        """Adds the next frame.

        Args:
            labels: predicted classes, integer `[H, W]`; pixels of no class,
                such as 255, do not count.
            pixels: `Correspondence` with the frame before; not used on the
                first frame of a sequence.
            kind: any key, such as one of `KINDS`; see `change`.
        """
        labels = np.asarray(labels)
        before = None
        if self._previous is not None:
            before = pixels.warp(self._previous, IGNORE)
            counts = confusion_matrix(
                np.where(labels < self.num_classes, before, IGNORE),
                np.minimum(labels, self.num_classes - 1),
                self.num_classes,
            )
            self.confusion += counts
            changed, followed = self.changes.get(kind, (0, 0))
            total = int(counts.sum())
            changed += total - int(np.trace(counts))
            self.changes[kind] = changed, followed + total
        if self._before_previous is not None:
            oldest = pixels.warp(self._before_previous, IGNORE)
            followed = oldest != IGNORE
            returned = followed & (oldest == labels) & (before != labels)
            self.followed += int(followed.sum())
            self.flickering += int(returned.sum())
        self._previous, self._before_previous = labels, before

    @property
    def mean_iou(self):
        """Mean IoU between the warped labels and those of the next frame.

        As in Liu et al., "Efficient Semantic Video Segmentation with
        Per-frame Inference", ECCV 2020, section 4, but pooled over all
        pairs of frames. 0..1; NaN without a pair.
        """
        return mean_iou(self.confusion)

    @property
    def agreement(self):
        """Share of the pixels that keep their label; NaN without a pair."""
        return _share(np.trace(self.confusion), self.confusion.sum())

    def change(self, kind):
        """Share of the pixels whose label is not that of the frame before.

        Args:
            kind: of the frames that count; the frame before may be another.

        Returns:
            0..1; NaN without a pair of that kind.
        """
        return _share(*self.changes.get(kind, (0, 0)))

    @property
    def flicker(self):
        """Share of the pixels whose label is another for one frame only.

        Of the pixels that can be followed over three frames; NaN if there
        are none.
        """
        return _share(self.flickering, self.followed)


def _share(part, whole):
    return float(part / whole) if whole else float("nan")
