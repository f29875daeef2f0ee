"""Intersection over union from one pooled confusion matrix."""

import numpy as np


def confusion_matrix(labels, predictions, num_classes, with_none=False):
    """Counts pairs of true and predicted class.

    Args:
        labels: integer array; values outside `0..num_classes - 1`, such as
            255, are ignored.
        predictions: integer array of the same shape.
        num_classes: number of classes.
        with_none: whether a prediction may be of no class, such as 255; such
            pixels are counted in one more column, and are wrong.

    Returns:
        int64 `[num_classes, num_classes]`, or one more column; rows are true
        classes.

    Raises:
        ValueError: if the shapes differ, or a prediction is of no class and
            must not be.
    """
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if labels.shape != predictions.shape:
        raise ValueError(
            f"labels {labels.shape} and predictions {predictions.shape} must "
            "have one shape."
        )
    valid = (labels >= 0) & (labels < num_classes)
    predictions = predictions[valid]
    columns = num_classes + bool(with_none)
    is_class = (predictions >= 0) & (predictions < num_classes)
    if with_none:
        predictions = np.where(is_class, predictions, num_classes)
    elif not is_class.all():
        raise ValueError(
            f"a pixel was predicted as {predictions[~is_class][0]}; the "
            f"{num_classes} classes are 0 to {num_classes - 1}."
        )
    pairs = labels[valid].astype("int64") * columns + predictions
    counts = np.bincount(pairs, minlength=num_classes * columns)
    return counts.reshape(num_classes, columns)


def iou_per_class(confusion):
    """Intersection over union of every class.

    Pool the confusion matrices of all frames first, as in the Cityscapes
    benchmark.

    Args:
        confusion: `[classes, classes]` counts, or one more column of pixels
            that were predicted to be of no class.

    Returns:
        float64 `[classes]`, 0..1; NaN where a class neither occurs nor is
        predicted.
    """
    hits = np.diag(confusion).astype("float64")
    union = confusion.sum(0)[: len(hits)] + confusion.sum(1) - hits
    return np.divide(
        hits, union, out=np.full_like(hits, np.nan), where=union > 0
    )


def mean_iou(confusion):
    """Mean of `iou_per_class` over the classes that occur or are predicted.

    Args:
        confusion: as for `iou_per_class`, pooled over all frames.

    Returns:
        float, 0..1; NaN if nothing was counted.
    """
    per_class = iou_per_class(confusion)
    known = per_class[~np.isnan(per_class)]
    return float(known.mean()) if known.size else float("nan")


def pixel_accuracy(confusion):
    """Share of the labelled pixels whose class is predicted.

    Args:
        confusion: as for `iou_per_class`, pooled over all frames.

    Returns:
        float, 0..1; NaN if nothing was counted.
    """
    total = confusion.sum()
    return float(np.trace(confusion) / total) if total else float("nan")
