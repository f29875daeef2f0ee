"""Small pictures of frames, of labels laid over and of optical flow."""

import dataclasses

import numpy as np

from accel_tf import optional
from accel_tf.browse.clips import UNKNOWN
from accel_tf.data.label_maps import IGNORE
from accel_tf.visualize import caption, flow_to_color, overlay
from accel_tf.visualize.overlay import legend

WIDTH = 320
"""Of the pictures, in pixels, unless the frames are smaller."""
UNKNOWN_COLOR = (255, 0, 255)
"""Of pixels whose label is outside of the class list."""
_UNKNOWN_FLOW = 1e9  # as for flow_to_color
_GAP = 6
_BACKGROUND = (24, 24, 24)


@dataclasses.dataclass(frozen=True)
class View:
    """What there is to see of one frame, uint8 RGB each.

    Attributes:
        place: name of the clip and of the frame.
        frame: the picture; `None` if it cannot be read.
        labels: the classes laid over it, or by themselves if they do not fit;
            `None` without.
        flow: the optical flow in colour; `None` without.
    """

    place: str
    frame: np.ndarray | None
    labels: np.ndarray | None
    flow: np.ndarray | None


def view_of(place, frame, label, flow, label_map, longest=None):
    """Makes the small pictures of a frame.

    Args:
        place: name of the clip and of the frame.
        frame: uint8 RGB `[height, width, 3]`, or `None`.
        label: `Label`, or `None`.
        flow: float32 `[height, width, 2]`, in pixels, or `None`.
        label_map: `LabelMap` of the classes.
        longest: vector in pixels at which the colours of the flow are full.

    Returns:
        A `View`; `None` if there is nothing to see.
    """
    small = None if frame is None else _shrink(frame)
    labels = None
    if label is not None:
        fits = frame is not None and label.classes.shape == frame.shape[:2]
        labels = _labels(label.classes, small if fits else None, label_map)
    if flow is not None:
        flow = _shrink(flow_to_color(flow, longest))
    if small is None and labels is None and flow is None:
        return None
    return View(place, small, labels, flow)


def longest_vector(flows):
    """Length that few vectors of a clip exceed.

    Args:
        flows: float32 `[T, height, width, 2]`, or `None`.

    Returns:
        Pixels, above 0; `None` without flow.
    """
    if flows is None:
        return None
    lengths = np.hypot(*np.moveaxis(flows[:, ::4, ::4], -1, 0))
    lengths = lengths[lengths < _UNKNOWN_FLOW]
    return max(1.0, float(np.percentile(lengths, 99))) if lengths.size else 1.0


def contact_sheet(splits, label_map, columns=6, width=240):
    """All pictures on one sheet.

    Args:
        splits: dict from the name of a split to a list of `(name, views)` of
            its clips, `views` a list of `View`; those of a clip stay side by
            side.
        label_map: `LabelMap`, which is explained below the pictures.
        columns: pictures side by side, unless a clip has more.
        width: of a picture, in pixels.

    Returns:
        uint8 RGB `[height, width of the sheet, 3]`.
    """
    most = max(
        [1, *(len(views) for clips in splits.values() for _, views in clips)]
    )
    columns = most * max(1, columns // most)
    rows = []
    for split, clips in splits.items():
        rows.append([])
        for name, views in clips:
            if len(rows[-1]) + len(views) > columns:
                rows.append([])
            tiles = [_tile(view, width) for view in views]
            rows[-1] += [caption(tiles[0], f"{split}: {name}"), *tiles[1:]]
    sheet_width = columns * (width + _GAP) + _GAP
    strips = [_strip(row, sheet_width) for row in rows if row]
    return np.concatenate([*strips, legend(sheet_width, label_map)])


def _strip(tiles, width):
    height = max(tile.shape[0] for tile in tiles)
    strip = np.empty((height + _GAP, width, 3), np.uint8)
    strip[:] = _BACKGROUND
    left = _GAP
    for tile in tiles:
        bottom = _GAP + tile.shape[0]
        strip[_GAP:bottom, left : left + tile.shape[1]] = tile
        left += tile.shape[1] + _GAP
    return strip


def _tile(view, width):
    """The labels, or the frame without, above the flow."""
    pictures = [view.frame if view.labels is None else view.labels, view.flow]
    return np.concatenate(
        [_resize(picture, width) for picture in pictures if picture is not None]
    )


def _labels(classes, frame, label_map):
    size = _small_size(classes)
    classes = optional.cv2().resize(
        classes, size, interpolation=optional.cv2().INTER_NEAREST
    )
    known = np.where(classes == UNKNOWN, IGNORE, classes).astype(np.uint8)
    alpha = 0.5
    if frame is None:
        frame, alpha = np.zeros((*known.shape, 3), np.uint8), 1
    picture = overlay(frame, known, label_map, alpha, contours=True)
    picture[classes == UNKNOWN] = UNKNOWN_COLOR
    return picture


def _shrink(image):
    return _resize(image, min(WIDTH, image.shape[1]))


def _resize(image, width):
    cv2 = optional.cv2()
    height = max(1, round(image.shape[0] * width / image.shape[1]))
    way = cv2.INTER_AREA if width < image.shape[1] else cv2.INTER_NEAREST
    return cv2.resize(image, (width, height), interpolation=way)


def _small_size(image):
    height, width = image.shape[:2]
    small = min(WIDTH, width)
    return small, max(1, round(height * small / width))
