"""Propagation and smoothing for inference."""

from accel_tf.models.flownet import fold_flow_network
from accel_tf.models.fuse import FusedSegmenter
from accel_tf.models.propagation.propagated import Propagated
from accel_tf.models.propagation.propagated_step import PropagatedStep
from accel_tf.models.segmenter import fused_form


@fused_form.register(Propagated)
class FusedPropagated(FusedSegmenter, PropagatedStep):
    """`Propagated` or `Smoothed`, made of the fused forms of its parts.

    Args:
        model: a `Propagated`.
    """

    def __init__(self, model):
        super().__init__(model)
        self.uses_key_frames = model.uses_key_frames
        self.smooth = model.smooth
        self.segmenter = model.segmenter.fused()
        self.flow_network = fold_flow_network(model.flow_network)
        self.update = model.update and model.update.fused()
        self.fusion = model.fusion
        self.split_parts, self.shapes = model.split_parts, {}
        self.built = True
