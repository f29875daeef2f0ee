"""TDNet for inference."""

from accel_tf.models.fuse import FusedSegmenter
from accel_tf.models.segmenter import fused_form
from accel_tf.models.tdnet.fused_temporal_path import fuse_path
from accel_tf.models.tdnet.tdnet import TDNet
from accel_tf.models.tdnet.tdnet_step import TDNetStep


@fused_form.register(TDNet)
class FusedTDNet(FusedSegmenter, TDNetStep):
    """`TDNet` from folded networks; the state is that of `TDNet`.

    Args:
        model: a `TDNet`.
    """

    def __init__(self, model):
        super().__init__(model)
        self.stride = model.stride
        self.warm_up = model.warm_up
        self.paths = [fuse_path(path) for path in model.paths]
        self.built = True
