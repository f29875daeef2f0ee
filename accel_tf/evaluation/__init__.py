"""Accuracy of models, temporal consistency and speed of segmenters."""

from accel_tf.evaluation.choices import MODES
from accel_tf.lazy import lazy_names

__all__ = [
    "ClassifierScores",
    "Evaluation",
    "MODES",
    "class_mapping",
    "evaluate",
    "evaluate_classifier",
    "evaluate_together",
    "mean_over_interval",
    "measure_steps",
]
_ROOM = "accel_tf.evaluation"
__getattr__, __dir__ = lazy_names(
    _ROOM,
    {
        "ClassifierScores": f"{_ROOM}.classification",
        "Evaluation": f"{_ROOM}.protocol",
        "class_mapping": f"{_ROOM}.map_classes",
        "evaluate": f"{_ROOM}.protocol",
        "evaluate_classifier": f"{_ROOM}.classification",
        "evaluate_together": f"{_ROOM}.protocol",
        "mean_over_interval": f"{_ROOM}.timing",
        "measure_steps": f"{_ROOM}.timing",
    },
)
