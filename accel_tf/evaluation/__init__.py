"""Accuracy, temporal consistency and speed of segmenters."""

from accel_tf.evaluation.choices import MODES
from accel_tf.evaluation.class_mapping import class_mapping
from accel_tf.evaluation.protocol import (
    Evaluation,
    evaluate,
    evaluate_together,
)
from accel_tf.evaluation.timing import mean_over_interval, measure_steps

__all__ = [
    "MODES",
    "Evaluation",
    "class_mapping",
    "evaluate",
    "evaluate_together",
    "mean_over_interval",
    "measure_steps",
]
