"""Labels of small frames at the size of the great ones."""

import numpy as np

from accel_tf import optional


def enlarge_labels(labels, size):
    """Labels at another size, with rounded edges instead of stairs.

    For models that give labels and no scores. Each class becomes a mask,
    which is blurred by a pixel and resized; a pixel gets the class whose mask
    is the strongest there.

    Args:
        labels: uint8 `[h, w]`.
        size: `(height, width)`.

    Returns:
        uint8 `[height, width]`; `labels` itself at its own size. Values that
        do not occur in `labels` do not occur here.

    Raises:
        ImportError: if OpenCV is not installed.
    """
    size = tuple(size)
    if labels.shape == size:
        return labels
    cv2 = optional.cv2()
    result = best = None
    for label in np.flatnonzero(np.bincount(labels.ravel(), minlength=256)):
        mask = np.uint8(labels == label) * np.uint8(255)
        if size[0] > labels.shape[0]:
            mask = cv2.GaussianBlur(mask, (3, 3), 0)
        mask = cv2.resize(mask, size[::-1], interpolation=cv2.INTER_LINEAR)
        if best is None:
            result, best = np.full(size, label, np.uint8), mask
            continue
        result[mask > best] = label
        best = cv2.max(best, mask)
    return result
