"""Clips, labels and pictures of data sets; pipelines of `tf.data`."""

from accel_tf.lazy import lazy_names

__all__ = ["LabelMap"]
__getattr__, __dir__ = lazy_names(
    "accel_tf.data", {"LabelMap": "accel_tf.data.label_maps"}
)
