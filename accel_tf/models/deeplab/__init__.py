"""Per-frame DeepLab."""

from accel_tf.models.deeplab import fused_deeplab  # noqa: F401 (registers itself)
from accel_tf.models.deeplab.deeplab import DeepLab

__all__ = ["DeepLab"]
