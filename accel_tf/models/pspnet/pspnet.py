"""Per-frame PSPNet, the baseline and the teacher of TDNet."""

import keras

from accel_tf.layers.blocks import dtype_scope
from accel_tf.models.cost import count_multiply_adds
from accel_tf.models.image_normalization import normalize_image
from accel_tf.models.pspnet.convert_pspnet import UNUSED, pspnet_entries
from accel_tf.models.pspnet.heads import fcn_head
from accel_tf.models.pspnet.pyramid_pooling import PyramidPooling
from accel_tf.models.segmenter import VideoSegmenter
from accel_tf.ops import resize_bilinear


class PSPNetStep(VideoSegmenter):
    """What `PSPNet` computes with its `backbone`, `pyramid` and `head`."""

    @property
    def output_stride(self):
        return self.backbone.output_stride

    def score(self, frame, state, is_key, training=None):
        image = normalize_image(frame)
        features = self.backbone(image, training=training)
        pyramid = self.pyramid(features, training=training)
        return self.head(pyramid, training=training), None

    def upsample(self, scores, size, frame_size=None):
        return resize_bilinear(
            scores, size, align_corners=True, frame_size=frame_size
        )

    def multiply_adds(self, height, width):
        image = (1, height, width, 3)
        features = self.backbone.compute_output_shape(image)
        pyramid = self.pyramid.compute_output_shape(features)
        total = (
            self.backbone.multiply_adds(image)
            + count_multiply_adds(self.pyramid, features)
            + count_multiply_adds(self.head, pyramid)
        )
        return {"key": total, "non_key": total}


@keras.saving.register_keras_serializable(package="accel_tf")
class PSPNet(PSPNetStep):
    """A dilated backbone, pyramid pooling and a convolutional head.

    Pyramid Scene Parsing Network (CVPR 2017) as published with TDNet (CVPR
    2020). Stateless: every frame is computed afresh and `is_key` is
    ignored. Scores are resized to the frame with aligned corners, which
    fits sizes of `8 n + 1` best.

    Args:
        backbone: network from `normalize_image` to features; has
            `output_stride` and `multiply_adds`.
        num_classes: classes of the logits.
        head_filters: channels of the head's 3x3 convolution; by default a
            quarter of the backbone's.
        dropout: share of the head's channels that training drops.
        label_map, dtype, name: as in `VideoSegmenter`.
    """

    unused_checkpoint_tensors = UNUSED
    last_layer_tensors = ("head.conv5.5.*",)

    def __init__(
        self, backbone, num_classes, head_filters=None, dropout=0.1, **kwargs
    ):
        super().__init__(num_classes, **kwargs)
        channels = backbone.output_shape[-1]
        self.head_filters = head_filters or channels // 4
        self.dropout = dropout
        with dtype_scope(self.dtype_policy):
            self.backbone = backbone
            self.pyramid = PyramidPooling(channels, name="pyramid")
            self.head = fcn_head(
                2 * channels, num_classes, self.head_filters, "head", dropout
            )
        self.built = True

    def checkpoint_entries(self):
        return pspnet_entries(self)

    def get_config(self):
        return {
            **super().get_config(),
            "backbone": self.serialize_network(self.backbone),
            "head_filters": self.head_filters,
            "dropout": self.dropout,
        }
