"""How well a map of trust tells where carried labels are wrong."""

import numpy as np

from accel_tf.streaming import FixedInterval, VideoStream

# Float16 from 0 to 1, by their bits, which have the same order.
_LEVELS = int(np.float16(1).view(np.uint16)) + 1


def trust_roc_area(model, interval, sequences):
    """Area under the curve of doubt against wrongly carried labels.

    Wrong is a pixel between key frames whose label is not the one that the
    model's own segmenter gives there. All pixels are pooled.

    Args:
        model: `Propagated` or its fused form, without an update branch.
        interval: frames from one key frame to the next, 2 or more.
        sequences: iterable of dicts with `frames`, uint8 `[H, W, 3]`.

    Returns:
        0..1: how often a wrong pixel has less trust than a right one; 0.5
        for trust that tells nothing, NaN where nothing or all is wrong.
    """
    own = VideoStream(model.segmenter)
    carried = VideoStream(model, FixedInterval(interval))
    counts = np.zeros((2, _LEVELS), np.int64)
    for sequence in sequences:
        carried.reset_state()
        for frame in sequence["frames"]:
            labels = carried(frame[None])[0]
            if not carried.is_key:
                wrong = labels != own(frame[None])[0]
                counts += _counts(carried.trust[0], wrong)
    return roc_area(*counts)


def roc_area(right, wrong):
    """How often a wrong one is lower than a right one; half for equals.

    Args:
        right, wrong: integer `[levels]`, how many there are of each level.

    Returns:
        0..1, or NaN where there are none.
    """
    pairs = right.sum() * wrong.sum()
    if not pairs:
        return float("nan")
    above = right.sum() - np.cumsum(right)
    return float((wrong * (above + right / 2)).sum() / pairs)


def _counts(trust, wrong):
    """Right and wrong pixels of each level of trust, `[2, levels]`."""
    step = -(-wrong.shape[0] // trust.shape[0])
    pixels = trust.repeat(step, axis=0).repeat(step, axis=1)
    pixels = pixels[: wrong.shape[0], : wrong.shape[1]]
    levels = np.clip(pixels, 0, 1).astype(np.float16).view(np.uint16)
    return [
        np.bincount(levels[which], minlength=_LEVELS)
        for which in (~wrong, wrong)
    ]
