"""PIDNet: three branches at once, in real time, frame by frame."""

from accel_tf.models.pidnet import fused_pidnet  # noqa: F401 (registers itself)
from accel_tf.models.pidnet.pidnet import PIDNet
from accel_tf.models.pidnet.pidnet_backbone import PIDNetBackbone

__all__ = ["PIDNet", "PIDNetBackbone"]
