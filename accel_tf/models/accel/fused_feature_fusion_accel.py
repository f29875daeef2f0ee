"""Accel with fused features for inference."""

from keras import ops

from accel_tf.layers.blocks import dtype_scope
from accel_tf.layers.folding import fold_batch_normalization
from accel_tf.layers.inference_conv2d import InferenceConv2D
from accel_tf.layers.inference_precision import policy_of_products
from accel_tf.models.accel.feature_fusion_accel import FeatureFusionAccel
from accel_tf.models.cost import (
    count_multiply_adds,
    count_upsampling,
    count_warp,
)
from accel_tf.models.deeplab.fused_head import float64
from accel_tf.models.dff.deep_feature_flow_step import DeepFeatureFlowStep
from accel_tf.models.flownet import fold_flow_network
from accel_tf.models.fuse import FusedSegmenter
from accel_tf.models.image_normalization import subtract_mean
from accel_tf.models.segmenter import fused_form


@fused_form.register(FeatureFusionAccel)
class FusedFeatureFusionAccel(FusedSegmenter, DeepFeatureFlowStep):
    """`FeatureFusionAccel` whose fusion and `fc6` are one convolution.

    Both are linear, so that each half of the fusion can be multiplied with
    `fc6`. The half of the warped features is applied once, on the key
    frame, before any warp: the state carries its result, `features`
    `[B, h, w, head_filters]`. A key frame costs one 1x1 convolution more,
    every other frame saves several times as much.

    Args:
        model: a `FeatureFusionAccel`.
    """

    def __init__(self, model):
        super().__init__(model)
        self.head_filters = model.head_filters
        self.blend = model.blend
        self.reference_backbone = fold_batch_normalization(
            model.reference_backbone, gives_features=True
        )
        self.flow_network = fold_flow_network(model.flow_network)
        self.reference_head = fold_batch_normalization(model.reference_head)
        fusion, bias = (float64(x) for x in model.fusion.get_weights())
        fc6, score = (
            [
                float64(x)
                for x in model.reference_head.get_layer(n).get_weights()
            ]
            for n in ("fc6", "score")
        )
        warped, current = fusion.reshape(2, *fusion.shape[-1:], -1)
        kernel = fc6[0][0, 0]
        with dtype_scope(policy_of_products(self.dtype_policy)):
            self.warped_half = _convolution("warped_half", warped @ kernel)
            self.current_half = _convolution(
                "current_half", current @ kernel, bias @ kernel + fc6[1]
            )
        with dtype_scope(self.dtype_policy):
            self.fused_score = _convolution("fused_score", *score)
        self.built = True

    def initial_state(self, batch_size, height, width):
        state = super().initial_state(batch_size, height, width)
        shape = (*state["features"].shape[:3], self.head_filters)
        return {
            **state,
            "features": ops.zeros(shape, state["features"].dtype),
        }

    def look(self, frame, training=None):
        return self._key_state(self._features(frame), frame)

    def decide(self, frame, state, is_key, training=None):
        current = self._features(frame)
        if is_key:
            return self.reference_head(current), None
        x = state["features"] + self._summand(self.current_half(current))
        return self.fused_score(ops.relu(x)), None

    def decide_key(self, frame, training=None):
        # The backbone runs once for both.
        features = self._features(frame)
        state = self._key_state(features, frame)
        return self.reference_head(features), None, state

    def _features(self, frame):
        return self.reference_backbone(subtract_mean(frame))

    def _key_state(self, features, frame):
        return {
            "features": self._summand(self.warped_half(features)),
            "flow_image": self.flow_network.observe(frame),
        }

    def _summand(self, x):
        """In the model's type, whatever the convolution's is."""
        return ops.cast(x, self.compute_dtype)

    def multiply_adds(self, height, width):
        image = (1, height, width, 3)
        shape = self.reference_backbone.compute_output_shape(image)
        pixels, channels = shape[1] * shape[2], shape[3]
        branch = count_multiply_adds(self.reference_backbone, image)
        # `fc6` and the two halves have kernels of one size.
        convolution = pixels * channels * self.head_filters
        scores_shape = (*shape[:3], self.num_classes)
        scores = pixels * self.head_filters * self.num_classes
        scores += count_upsampling(scores_shape, self.output_stride)
        flow = self.flow_network.multiply_adds(height, width)
        counts = {
            "key": branch + 2 * convolution + scores,
            "non_key": flow
            + count_warp((*shape[:3], self.head_filters))
            + branch
            + convolution
            + scores,
        }
        return self._with_blending(counts, scores_shape, flow)


def _convolution(name, kernel, bias=None):
    """1x1, with these weights."""
    channels, filters = kernel.shape[-2:]
    layer = InferenceConv2D(filters, 1, use_bias=bias is not None, name=name)
    layer.build((None, None, None, channels))
    weights = [kernel.reshape(1, 1, channels, filters)]
    layer.set_weights(weights if bias is None else [*weights, bias])
    return layer
