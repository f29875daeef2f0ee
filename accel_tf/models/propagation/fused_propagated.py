"""Propagation and smoothing for inference."""

from accel_tf.layers.inference_precision import current_precision
from accel_tf.models.flownet import fold_flow_network
from accel_tf.models.fuse import FusedSegmenter, fuse_for_inference
from accel_tf.models.propagation.propagated import Propagated
from accel_tf.models.propagation.propagated_step import PropagatedStep
from accel_tf.models.segmenter import VideoSegmenter, fused_form


@fused_form.register(Propagated)
class FusedPropagated(FusedSegmenter, PropagatedStep):
    """`Propagated` or `Smoothed`, made of the fused forms of its parts.

    Args:
        model: a `Propagated`.
    """

    def __init__(self, model):
        super().__init__(model)
        self.uses_key_frames = model.uses_key_frames
        self.smooth, self.blend = model.smooth, model.blend
        self.trust_kind = model.trust_kind
        self.segmenter = _fused(model.segmenter)
        self.flow_network = fold_flow_network(model.flow_network)
        self.update = model.update and _fused(model.update)
        self.fusion = model.fusion and _copy(model.fusion)
        self.split_parts, self.shapes = model.split_parts, {}
        if model.split and _can_be_split(self.segmenter):
            self.split_parts = self.segmenter.split_at(model.split)
        self.built = True


def _fused(segmenter):
    """Its form in the precision of this one, or one line why not."""
    return fuse_for_inference(segmenter, current_precision())


def _copy(layer):
    copy = type(layer).from_config(layer.get_config())
    copy.set_weights(layer.get_weights())
    return copy


def _can_be_split(segmenter):
    """Not all forms have the layers that their model is split at."""
    return type(segmenter).split_at is not VideoSegmenter.split_at
