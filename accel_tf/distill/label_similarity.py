"""How alike the labels of consecutive frames are."""

import itertools

import numpy as np

from accel_tf.distill.class_subset import places_of_classes
from accel_tf.metrics.mean_iou import confusion_matrix, mean_iou


def label_similarity(labels, class_indices=None):
    """Mean IoU of each label map with the next, averaged over the pairs.

    Pixels count where both maps have one of the classes, and classes where
    either map has them.

    Args:
        labels: list of uint8 `[H, W]` in the order of time; the first is
            the last one of the period before, if there was one. A pair of
            different sizes does not count.
        class_indices: the classes that count; all but 255 by default.

    Returns:
        float, 0 (nothing stayed) to 1 (nothing changed); NaN if no pair has
        a pixel that counts.
    """
    places = places_of_classes(class_indices)
    count = int(places.max()) + 1
    scores = []
    for first, second in itertools.pairwise(labels):
        if first.shape != second.shape:
            continue
        first, second = places[first], places[second]
        first = np.where(second < 0, -1, first)
        # Pixels of the second map count only where the first does.
        second = np.where(first < 0, 0, second)
        scores.append(mean_iou(confusion_matrix(first, second, count)))
    scores = [score for score in scores if not np.isnan(score)]
    return float(np.mean(scores)) if scores else float("nan")
