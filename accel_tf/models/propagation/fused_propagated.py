"""Propagation and smoothing for inference."""

from accel_tf.models.flownet import fold_flow_network
from accel_tf.models.fuse import FusedSegmenter
from accel_tf.models.propagation.propagated import Propagated


class FusedPropagated(FusedSegmenter, Propagated):
    """`Propagated` or `Smoothed`, made of the fused forms of its parts.

    Args:
        model: a `Propagated`.
    """

    def __init__(self, model):
        super().__init__(model)
        self.uses_key_frames = model.uses_key_frames
        self.smooth, self.split = model.smooth, model.split
        self.segmenter = model.segmenter.fused()
        self.flow_network = fold_flow_network(model.flow_network)
        self.update = model.update and model.update.fused()
        self.fusion = model.fusion
        self._parts, self._shapes = model._parts, {}
        self.built = True
