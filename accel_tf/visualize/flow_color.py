"""Optical flow as a picture: colour for direction, saturation for speed."""

import numpy as np

# The colour wheel of the Middlebury benchmark (Baker et al., "A Database and
# Evaluation Methodology for Optical Flow", IJCV 2011): six colours at unequal
# places on a circle of 55 steps, straight lines between them. It gives the
# hues that eyes tell apart well more room than a plain HSV circle does.
_WHEEL_PLACES = (0, 15, 21, 25, 36, 49, 55)
_WHEEL_COLORS = np.array(
    [
        (255, 0, 0),
        (255, 255, 0),
        (0, 255, 0),
        (0, 255, 255),
        (0, 0, 255),
        (255, 0, 255),
        (255, 0, 0),
    ],
    np.float32,
)
# The benchmark's files mark unknown flow with values above this.
_UNKNOWN = 1e9


def flow_to_color(flow, max_magnitude=None):
    """Colours a flow field as the Middlebury benchmark does.

    Direction gives the hue, starting from motion to the right and turning
    clockwise on the screen: right is red, down is yellow, left is cyan to
    blue, up is violet. No motion is white, `max_magnitude` the full colour;
    anything faster is the full colour darkened by a quarter. Pixels with
    unknown flow (NaN, infinite or above 1e9) are black.

    Args:
        flow: `[height, width, 2]`, (dx, dy) in pixels, dy positive downwards.
        max_magnitude: Length in pixels of a vector drawn in full colour; the
            longest known vector of this field if None. Give it a number to
            compare several frames.

    Returns:
        uint8 RGB `[height, width, 3]`.

    Raises:
        ValueError: `flow` has another shape or `max_magnitude` is not above 0.
    """
    flow = np.asarray(flow, np.float32)
    if flow.ndim != 3 or flow.shape[2] != 2:
        raise ValueError(
            f"flow has the shape [height, width, 2], not {flow.shape}"
        )
    if max_magnitude is not None and not max_magnitude > 0:
        raise ValueError(f"max_magnitude must be above 0, not {max_magnitude}")
    # NaN compares false, so it counts as unknown.
    known = (np.abs(flow) <= _UNKNOWN).all(axis=-1)
    flow = np.where(known[..., None], flow, 0)
    magnitude = np.hypot(flow[..., 0], flow[..., 1])
    if max_magnitude is None:
        max_magnitude = magnitude.max(initial=0) or 1.0
    speed = (magnitude / max_magnitude)[..., None]

    turn = np.arctan2(flow[..., 1], flow[..., 0]) / (2 * np.pi) % 1.0
    place = turn * _WHEEL_PLACES[-1]
    hue = np.stack(
        [
            np.interp(place, _WHEEL_PLACES, channel)
            for channel in _WHEEL_COLORS.T
        ],
        axis=-1,
    )
    # A tolerance keeps the longest vector itself, after rounding, undarkened.
    color = np.where(speed <= 1 + 1e-6, 255 - speed * (255 - hue), 0.75 * hue)
    color[~known] = 0
    return np.rint(np.clip(color, 0, 255)).astype(np.uint8)
