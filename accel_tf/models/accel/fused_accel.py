"""Accel with fused scores for inference."""

import dataclasses

from accel_tf.models.accel.accel import Accel, same_size
from accel_tf.models.cost import count_multiply_adds
from accel_tf.models.deeplab.fused_head import (
    float64,
    fuse_rest_of_head,
    fuse_with_fc6,
)
from accel_tf.models.dff.fused_deep_feature_flow import FusedDeepFeatureFlow
from accel_tf.models.image_normalization import subtract_mean
from accel_tf.models.parts import Part
from accel_tf.models.segmenter import fused_form
from accel_tf.models.signal_names import DISAGREEMENT
from accel_tf.models.signals import disagreement


@fused_form.register(Accel)
class FusedAccel(FusedDeepFeatureFlow):
    """`Accel` whose fusion is a part of both branches' score layers.

    What is said of `FusedDeepFeatureFlow` holds here too. In Accel-18 and
    Accel-34 the update branch's transposed convolution and `fc6` are one.

    Args:
        model: an `Accel`.
    """

    signals = Accel.signals

    def __init__(self, model):
        super().__init__(model)
        self.fuse_key_frames = model.fuse_key_frames
        kernel, bias = model.fusion.get_weights()
        of_reference, of_update = float64(kernel[0, 0]).reshape(
            2, self.num_classes, self.num_classes
        )
        self.warped_head = fuse_rest_of_head(
            model.reference_head, "warped_head", of_reference
        )
        self.update_backbone = fuse_with_fc6(
            model.update_backbone, model.update_head
        )
        self.update_head = fuse_rest_of_head(
            model.update_head, "update_head", of_update
        )
        self.fusion_bias = bias

    def decide(self, frame, state, is_key, training=None):
        features = state["features"]
        if is_key and not self.fuse_key_frames:
            return self.reference_head(features), None
        update = self.update_backbone(subtract_mean(frame))
        return self._fuse(features, update)

    def _fuse(self, features, update_features):
        reference, update = self._branches(features, update_features)
        return reference + update, self.fusion_bias

    def _branches(self, features, update_features):
        """What both give to the scores."""
        return same_size(
            self.warped_head(features), self.update_head(update_features)
        )

    def decide_between(self, frame, state, names, signals):
        update = self.update_backbone(subtract_mean(frame))
        reference, update = self._branches(state["features"], update)
        if DISAGREEMENT in names:
            signals[DISAGREEMENT] = disagreement(reference, update)
        return reference + update, self.fusion_bias

    def multiply_adds(self, height, width):
        counts = super().multiply_adds(height, width)
        image = (1, height, width, 3)
        features = self.update_backbone.compute_output_shape(image)
        update = count_multiply_adds(
            self.update_backbone, image
        ) + count_multiply_adds(self.update_head, features)
        counts["non_key"] += update
        if self.fuse_key_frames:
            counts["key"] += update
        return counts

    def parts_alone(self, height, width):
        conversion, flow_network, warp, head = super().parts_alone(
            height, width
        )
        image = (1, height, width, 3)
        features = self.update_backbone.compute_output_shape(image)
        return [
            dataclasses.replace(
                conversion, outputs=("image", "small"), function=self._convert
            ),
            flow_network,
            warp,
            Part(
                "update backbone",
                ("image",),
                ("update_features",),
                self.update_backbone,
                count_multiply_adds(self.update_backbone, image),
                (self.update_backbone,),
            ),
            Part(
                "heads and fusion",
                ("warped", "update_features"),
                ("scores", "bias"),
                self._fuse,
                head.multiply_adds
                + count_multiply_adds(self.update_head, features),
                (self.warped_head, self.update_head),
            ),
        ]

    def _convert(self, frame):
        return subtract_mean(frame), self.flow_network.observe(frame)
