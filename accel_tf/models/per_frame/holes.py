"""Pixels of no class get one."""

import numpy as np

from accel_tf import optional
from accel_tf.data.label_maps import IGNORE


def without_holes(labels, what):
    """Every pixel of no class takes that of the nearest that has one.

    Args:
        labels: uint8 `[H, W]`, 255 for no class.
        what: has these labels, for the message.

    Returns:
        uint8 `[H, W]`; `labels` itself if there is nothing to do.

    Raises:
        ValueError: if no pixel has a class.
        ImportError: if there are such pixels and OpenCV is not installed.
    """
    holes = labels == IGNORE
    if not holes.any():
        return labels
    if holes.all():
        raise ValueError(f"{what} has no pixel of a class.")
    cv2 = optional.cv2()
    _, nearest = cv2.distanceTransformWithLabels(
        holes.astype(np.uint8),
        cv2.DIST_L2,
        cv2.DIST_MASK_5,
        labelType=cv2.DIST_LABEL_PIXEL,
    )
    class_of = np.zeros(nearest.max() + 1, np.uint8)
    class_of[nearest[~holes]] = labels[~holes]
    return class_of[nearest]
