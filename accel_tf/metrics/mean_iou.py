"""Intersection over union from one pooled confusion matrix."""

import numpy as np


def confusion_matrix(labels, predictions, num_classes):
    """Counts pairs of true and predicted class.

    Args:
        labels: integer array; values outside `0..num_classes - 1`, such as
            255, are ignored.
        predictions: integer array of the same shape.
        num_classes: number of classes.

    Returns:
        int64 `[num_classes, num_classes]`; rows are true classes.

    Raises:
        ValueError: if the shapes differ.
    """
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if labels.shape != predictions.shape:
        raise ValueError(
            f"labels {labels.shape} and predictions {predictions.shape} must "
            "have one shape."
        )
    valid = (labels >= 0) & (labels < num_classes)
    pairs = labels[valid].astype("int64") * num_classes + predictions[valid]
    counts = np.bincount(pairs, minlength=num_classes**2)
    return counts.reshape(num_classes, num_classes)


def iou_per_class(confusion):
    """Intersection over union of every class.

    Pool the confusion matrices of all frames first, as in the Cityscapes
    benchmark.

    Args:
        confusion: `[classes, classes]` counts.

    Returns:
        float64 `[classes]`, 0..1; NaN where a class neither occurs nor is
        predicted.
    """
    hits = np.diag(confusion).astype("float64")
    union = confusion.sum(0) + confusion.sum(1) - hits
    return np.divide(
        hits, union, out=np.full_like(hits, np.nan), where=union > 0
    )


def mean_iou(confusion):
    """Mean of `iou_per_class` over the classes that occur or are predicted.

    Args:
        confusion: `[classes, classes]` counts, pooled over all frames.

    Returns:
        float, 0..1; NaN if nothing was counted.
    """
    per_class = iou_per_class(confusion)
    known = per_class[~np.isnan(per_class)]
    return float(known.mean()) if known.size else float("nan")
