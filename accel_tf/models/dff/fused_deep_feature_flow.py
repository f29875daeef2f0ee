"""Deep Feature Flow for inference."""

from accel_tf.layers.folding import fold_batch_normalization
from accel_tf.models.dff.deep_feature_flow import DeepFeatureFlow
from accel_tf.models.fuse import FusedSegmenter
from accel_tf.models.fused_head import fuse_rest_of_head, fuse_with_fc6


class FusedDeepFeatureFlow(FusedSegmenter, DeepFeatureFlow):
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
        head = model.reference_head
        self.reference_backbone = fuse_with_fc6(model.reference_backbone, head)
        self.flow_network = fold_batch_normalization(model.flow_network)
        self.reference_head = fuse_rest_of_head(head, "reference_head")
        self.built = True
