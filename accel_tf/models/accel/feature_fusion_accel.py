"""Accel with fused features: Accel-101."""

import keras
from keras import ops

from accel_tf.layers.blocks import dtype_scope
from accel_tf.models.accel.convert_accel import feature_fusion_entries
from accel_tf.models.cost import count_multiply_adds
from accel_tf.models.dff import DeepFeatureFlow
from accel_tf.models.image_normalization import subtract_mean


@keras.saving.register_keras_serializable(package="accel_tf")
class FeatureFusionAccel(DeepFeatureFlow):
    """Deep Feature Flow whose warped features are corrected before the head.

    Accel-101 (CVPR 2019, section 3.3): the reference network itself looks
    at every frame; on frames that are no key frames a 1x1 convolution fuses
    its features with the warped ones, and the one head scores the result.
    More accurate than per-frame DeepLab, and dearer. What is carried on are
    the warped features, not the fused ones.

    Args:
        reference_backbone, flow_network, num_classes, head_filters,
        blend, label_map, dtype, name: as in `DeepFeatureFlow`.
    """

    def __init__(
        self,
        reference_backbone,
        flow_network,
        num_classes,
        head_filters=1024,
        **kwargs,
    ):
        super().__init__(
            reference_backbone,
            flow_network,
            num_classes,
            head_filters,
            **kwargs,
        )
        channels = reference_backbone.output_shape[-1]
        with dtype_scope(self.dtype_policy):
            # As published: it starts as the current frame's features.
            self.fusion = keras.layers.Conv2D(
                channels,
                1,
                kernel_initializer=current_features,
                name="fusion",
            )
            self.fusion.build((None, None, None, 2 * channels))

    def decide(self, frame, state, is_key, training=None):
        features = state["features"]
        if not is_key:
            current = self.reference_backbone(
                subtract_mean(frame), training=training
            )
            features = self.fusion(
                ops.concatenate([features, current], axis=-1)
            )
        return self.reference_head(features, training=training), None

    def multiply_adds(self, height, width):
        counts = super().multiply_adds(height, width)
        image = (1, height, width, 3)
        _, rows, columns, channels = (
            self.reference_backbone.compute_output_shape(image)
        )
        counts["non_key"] += (
            count_multiply_adds(self.reference_backbone, image)
            + 2 * channels**2 * rows * columns
        )
        return counts

    def checkpoint_entries(self):
        return feature_fusion_entries(self)


def current_features(shape, dtype=None):
    """Kernel `[1, 1, 2 C, C]` that passes the second half of its input."""
    identity = ops.eye(shape[-1], dtype=dtype)
    kernel = ops.concatenate([ops.zeros_like(identity), identity], axis=0)
    return ops.reshape(kernel, shape)
