"""Per-frame DeepLab."""

from accel_tf.models.deeplab.deeplab import DeepLab

__all__ = ["DeepLab"]
