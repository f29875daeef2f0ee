"""Measures of segmentation quality."""

from accel_tf.metrics.mean_iou import (
    confusion_matrix,
    iou_per_class,
    mean_iou,
    pixel_accuracy,
)
from accel_tf.metrics.mean_iou_metric import MeanIoU
from accel_tf.metrics.temporal_consistency import (
    Correspondence,
    TemporalConsistency,
    correspondence,
)

__all__ = [
    "Correspondence",
    "MeanIoU",
    "TemporalConsistency",
    "confusion_matrix",
    "correspondence",
    "iou_per_class",
    "mean_iou",
    "pixel_accuracy",
]
