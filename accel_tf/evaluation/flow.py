"""Motion between frames that owes nothing to the models it judges."""

import numpy as np

from accel_tf import optional
from accel_tf.metrics import correspondence


def match_with_previous(sequence, frames, index, estimator="dis"):
    """Where the pixels of a frame were in the frame before.

    The flow is that of the sequence if it has one. Otherwise it is estimated
    by OpenCV in both directions, on greyscale: by dense inverse search
    (Kroeger et al., ECCV 2016), or, to judge what was carried along that, by
    polynomial expansion (Farneback, SCIA 2003).

    Args:
        sequence: dict that may have `flows`: `[i]` is the float32
            `[H, W, 2]` backward flow of frame i, (dx, dy) in pixels.
        frames: function of the index that gives uint8 `[H, W, 3]`.
        index: of the later frame, 1 or more.
        estimator: one of `accel_tf.evaluation.choices.ESTIMATORS`.

    Returns:
        `accel_tf.metrics.Correspondence`.

    Raises:
        ImportError: if there is no flow and OpenCV is not installed.
    """
    if "flows" in sequence:
        return correspondence(sequence["flows"][index])
    cv2 = optional.cv2()
    before, now = (
        cv2.cvtColor(frames(i), cv2.COLOR_RGB2GRAY) for i in (index - 1, index)
    )
    if estimator == "farneback":
        return correspondence(
            _polynomial_expansion(cv2, now, before),
            _polynomial_expansion(cv2, before, now),
        )
    search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return correspondence(
        search.calc(now, before, None), search.calc(before, now, None)
    )


def _polynomial_expansion(cv2, current, previous):
    return cv2.calcOpticalFlowFarneback(
        current,
        previous,
        np.zeros((*current.shape, 2), np.float32),
        pyr_scale=0.5,
        levels=5,
        winsize=21,
        iterations=5,
        poly_n=7,
        poly_sigma=1.5,
        flags=0,
    )
