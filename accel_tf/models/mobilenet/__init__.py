"""MobileNets."""

from accel_tf.models.mobilenet.mobilenet_v2 import MobileNetV2

__all__ = ["MobileNetV2"]
