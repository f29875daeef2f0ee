"""Measures of segmentation quality."""

from accel_tf.metrics.mean_iou import confusion_matrix, iou_per_class

__all__ = ["confusion_matrix", "iou_per_class"]
