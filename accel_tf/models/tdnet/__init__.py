"""TDNet: a deep network, distributed over the frames of a video."""

from accel_tf.models.tdnet.fanet import FANet
from accel_tf.models.tdnet.tdnet import TDNet

__all__ = ["FANet", "TDNet"]
