"""Per-frame PIDNet."""

import keras

from accel_tf.layers.blocks import HE, batch_norm, conv2d, dtype_scope, relu
from accel_tf.models.cost import count_multiply_adds
from accel_tf.models.image_normalization import normalize_image
from accel_tf.models.pidnet.convert_pidnet import UNUSED, pidnet_entries
from accel_tf.models.segmenter import VideoSegmenter
from accel_tf.ops import resize_bilinear


class PIDNetStep(VideoSegmenter):
    """What `PIDNet` computes with its `backbone` and its `head`."""

    @property
    def output_stride(self):
        return self.backbone.output_stride

    def score(self, frame, state, is_key, training=None):
        features = self.backbone(normalize_image(frame), training=training)
        return self.head(features, training=training), None

    def upsample(self, scores, size, frame_size=None):
        return resize_bilinear(
            scores, size, align_corners=True, frame_size=frame_size
        )

    def multiply_adds(self, height, width):
        image = (1, height, width, 3)
        features = self.backbone.compute_output_shape(image)
        total = self.backbone.multiply_adds(image)
        total += count_multiply_adds(self.head, features)
        return {"key": total, "non_key": total}


@keras.saving.register_keras_serializable(package="accel_tf")
class PIDNet(PIDNetStep):
    """Three branches for detail, context and boundaries, and a head.

    PIDNet (CVPR 2023). Stateless: every frame is computed afresh and
    `is_key` is ignored. Scores are resized to the frame with aligned
    corners, as in the official evaluation. The two heads that only the
    original's training has, on the detail and on the boundary branch, are
    not there.

    Args:
        backbone: network from `normalize_image` to features; has
            `output_stride` and `multiply_adds`.
        num_classes: classes of the logits.
        head_filters: channels of the head's 3x3 convolution.
        label_map, dtype, name: as in `VideoSegmenter`.
    """

    unused_checkpoint_tensors = UNUSED
    last_layer_tensors = ("*final_layer.conv2.*",)

    def __init__(self, backbone, num_classes, head_filters=128, **kwargs):
        super().__init__(num_classes, **kwargs)
        self.head_filters = head_filters
        with dtype_scope(self.dtype_policy):
            self.backbone = backbone
            self.head = scores_head(
                backbone.output_shape[-1], num_classes, head_filters, "head"
            )
        self.built = True

    def checkpoint_entries(self):
        return pidnet_entries(self)

    def get_config(self):
        return {
            **super().get_config(),
            "backbone": self.serialize_network(self.backbone),
            "head_filters": self.head_filters,
        }


def scores_head(channels, num_classes, filters, name):
    """Normalisation and ReLU before a 3x3 and before a 1x1 convolution.

    Args:
        channels: of the features.
        num_classes: of the scores.
        filters: of the 3x3 convolution.
        name: of the returned `keras.Model`.

    Returns:
        A model from `[B, h, w, channels]` to scores `[B, h, w, classes]`.
    """
    with keras.name_scope(name):
        features = keras.Input((None, None, channels), name="features")
        x = relu(batch_norm(features, "bn1"))
        x = relu(batch_norm(conv2d(x, filters, 3, "conv"), "bn2"))
        scores = keras.layers.Conv2D(
            num_classes, 1, kernel_initializer=HE, name="score"
        )(x)
        return keras.Model(features, scores, name=name)
