"""Per-frame DeepLab, in Accel's form and from the third version on."""

from accel_tf.models.deeplab import (
    fused_deeplab,  # noqa: F401 (registers itself)
    fused_deeplab_v3,  # noqa: F401 (likewise)
)
from accel_tf.models.deeplab.deeplab import DeepLab
from accel_tf.models.deeplab.deeplab_v3 import DeepLabV3

__all__ = ["DeepLab", "DeepLabV3"]
