"""Deep Feature Flow for inference."""

from accel_tf.models.blending import LEFT, OFFSET
from accel_tf.models.cost import count_multiply_adds, count_warp
from accel_tf.models.deeplab.fused_head import fuse_rest_of_head, fuse_with_fc6
from accel_tf.models.dff.deep_feature_flow import DeepFeatureFlow
from accel_tf.models.dff.deep_feature_flow_step import DeepFeatureFlowStep
from accel_tf.models.flownet import fold_flow_network
from accel_tf.models.fuse import FusedSegmenter
from accel_tf.models.parts import Part
from accel_tf.models.segmenter import fused_form


@fused_form.register(DeepFeatureFlow)
class FusedDeepFeatureFlow(FusedSegmenter, DeepFeatureFlowStep):
    """`DeepFeatureFlow` that runs `fc6` on key frames only.

    Warping is linear and acts on every channel alike, so that `fc6` can
    come before it. The state carries what `fc6` adds its bias to, `features`
    `[B, h, w, head_filters]`; the bias comes after the warp, which fills
    with zeros.

    Args:
        model: a `DeepFeatureFlow`.
    """

    def __init__(self, model):
        super().__init__(model)
        self.blend, self.head_filters = model.blend, model.head_filters
        head = model.reference_head
        self.reference_backbone = fuse_with_fc6(model.reference_backbone, head)
        self.flow_network = fold_flow_network(model.flow_network)
        self.reference_head = fuse_rest_of_head(head, "reference_head")
        self.built = True

    def non_key_parts(self, height, width):
        parts = self.parts_alone(height, width)
        return [*parts, self._blending_part(parts)] if self.blend else parts

    def _blending_part(self, parts):
        warped = next(p for p in parts if "warped" in p.outputs)

        def blend(scores, features, small, flow, flow_image, offset, left):
            before = {"flow_image": flow_image, OFFSET: offset, LEFT: left}
            after = {"features": features, "flow_image": small}
            return self._blended(scores, None, before, after, flow)[0]

        return Part(
            "blending",
            ("scores", "warped", "small", "flow", "flow_image", OFFSET, LEFT),
            ("scores",),
            blend,
            # As the features, but of as many channels as there are classes.
            warped.multiply_adds // self.head_filters * self.num_classes,
        )

    def parts_alone(self, height, width):
        """`non_key_parts` of the frame as it is, before any blending."""
        features = self.reference_backbone.compute_output_shape(
            (1, height, width, 3)
        )
        return [
            Part(
                "frame conversion",
                ("frame",),
                ("small",),
                self.flow_network.observe,
            ),
            Part(
                "flow network",
                ("small", "flow_image"),
                ("flow",),
                lambda *images: self.flow_network(list(images)),
                self.flow_network.multiply_adds(height, width),
                (self.flow_network,),
            ),
            Part(
                "warp",
                ("features", "flow"),
                ("warped",),
                self.warp_features,
                count_warp(features),
            ),
            Part(
                "head",
                ("warped",),
                ("scores",),
                self.reference_head,
                count_multiply_adds(self.reference_head, features),
                (self.reference_head,),
            ),
        ]
