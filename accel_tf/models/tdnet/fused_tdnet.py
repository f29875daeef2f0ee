"""TDNet for inference."""

from accel_tf.models.fuse import FusedSegmenter
from accel_tf.models.tdnet.fused_temporal_path import FusedTemporalPath
from accel_tf.models.tdnet.tdnet import TDNet


class FusedTDNet(FusedSegmenter, TDNet):
    """`TDNet` from folded networks; the state is that of `TDNet`.

    Args:
        model: a `TDNet`.
    """

    def __init__(self, model):
        super().__init__(model)
        self.stride = model.stride
        self.warm_up = model.warm_up
        self.path_arguments = dict(model.path_arguments)
        self.paths = [FusedTemporalPath(path) for path in model.paths]
        self.built = True
