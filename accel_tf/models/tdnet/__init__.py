"""TDNet: a deep network, distributed over the frames of a video."""

from accel_tf.models.tdnet import fused_tdnet  # noqa: F401 (registers itself)
from accel_tf.models.tdnet.fanet import FANet
from accel_tf.models.tdnet.pspnet_start import start_from_pspnet
from accel_tf.models.tdnet.tdnet import TDNet
from accel_tf.models.tdnet.teacher import GroupedPSPNet

__all__ = ["FANet", "GroupedPSPNet", "TDNet", "start_from_pspnet"]
