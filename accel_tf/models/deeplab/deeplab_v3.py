"""Per-frame DeepLabv3 and DeepLabv3+: the student and the teacher of AMS."""

import keras

from accel_tf.layers.blocks import dtype_scope
from accel_tf.models.cost import count_multiply_adds
from accel_tf.models.deeplab.alignments import (
    check_alignment,
    enlarge,
    resize_scores,
)
from accel_tf.models.deeplab.atrous_head import atrous_head
from accel_tf.models.deeplab.convert_deeplab_v3 import (
    LAST_LAYER,
    deeplab_v3_entries,
)
from accel_tf.models.image_normalization import scale_symmetrically
from accel_tf.models.segmenter import VideoSegmenter


class DeepLabV3Step(VideoSegmenter):
    """What `DeepLabV3` computes with its `backbone` and its `head`."""

    @property
    def output_stride(self):
        return 4 if self.decoder else self.backbone.output_stride

    def score(self, frame, state, is_key, training=None):
        image = enlarge(scale_symmetrically(frame), self.alignment)
        features = self.features(image, training=training)
        return self.head(features, training=training), None

    def upsample(self, scores, size, frame_size=None):
        return resize_scores(scores, self.alignment, size, frame_size)

    def scores_shape(self, batch_size, height, width):
        size = (side // self.output_stride + 1 for side in (height, width))
        return (batch_size, *size, self.num_classes)

    def multiply_adds(self, height, width):
        image = (1, height + 1, width + 1, 3)
        features = self.features.compute_output_shape(image)
        if not self.decoder:
            features = [features]
        total = self.backbone.multiply_adds(image)
        total += count_multiply_adds(self.head, *features)
        return {"key": total, "non_key": total}


@keras.saving.register_keras_serializable(package="accel_tf")
class DeepLabV3(DeepLabV3Step):
    """A backbone, atrous spatial pyramid pooling and perhaps a decoder.

    DeepLabv3 (Rethinking Atrous Convolution for Semantic Image Segmentation,
    2017) on MobileNetV2, the student of AMS (Real-Time Video Inference on
    Edge Devices via Adaptive Model Streaming, ICCV 2021); and DeepLabv3+
    (ECCV 2018) on Xception, its teacher. Stateless: every frame is computed
    afresh and `is_key` is ignored. Loads the files of the official
    repository (`tensorflow/models`, research/deeplab) and AMS' own.

    The networks were trained on images of `16 n + 1` pixels, which a frame
    is brought to by a row and a column more. There are three `alignment`s:

    - `"ams"`: grey at the bottom and at the right; scores are resized
      straight to the frame, corners on corners, as AMS' student does.
    - `"deeplab"`: the same, but scores are resized to the enlarged image and
      cropped, as the official evaluation does.
    - `"ams_teacher"`: the first row and column repeated at the top and at
      the left; scores are resized to the enlarged image and cropped, as
      AMS labels its frames.

    Args:
        backbone: network from images between -1 and 1 to features; has
            `output_stride` and `multiply_adds`, and for a decoder
            `fine_output`.
        num_classes: classes of the logits.
        head_filters: channels of the head's convolutions.
        rates: dilations of the head's separable convolutions; none for the
            student.
        decoder: whether there is a decoder, whose scores have stride 4.
        dropout: share of the head's projected values that training drops.
        head_epsilon: of the head's batch normalisation; 1e-3 as AMS' frozen
            graphs on the device have it.
        head_momentum: of the statistics of the same.
        alignment: `"ams"`, `"deeplab"` or `"ams_teacher"`.
        label_map, dtype, name: as in `VideoSegmenter`.

    Raises:
        ValueError: if there is no such alignment.
    """

    last_layer_tensors = LAST_LAYER

    def __init__(
        self,
        backbone,
        num_classes,
        head_filters=256,
        rates=(),
        decoder=False,
        dropout=0.0,
        head_epsilon=1.001e-5,
        head_momentum=0.9,
        alignment="ams",
        **kwargs,
    ):
        check_alignment(alignment)
        super().__init__(num_classes, **kwargs)
        self.head_filters = head_filters
        self.rates = tuple(rates)
        self.decoder = decoder
        self.dropout = dropout
        self.head_epsilon = head_epsilon
        self.head_momentum = head_momentum
        self.alignment = alignment
        with dtype_scope(self.dtype_policy):
            self.backbone = backbone
            self.head = atrous_head(
                backbone.output_shape[-1],
                num_classes,
                "head",
                filters=head_filters,
                rates=rates,
                fine_channels=(
                    backbone.fine_output.shape[-1] if decoder else None
                ),
                dropout=dropout,
                epsilon=head_epsilon,
                momentum=head_momentum,
            )
            features = features_and_fine(self)
        # A function, because the layers are the backbone's already.
        self._features = lambda: features
        self.built = True

    @property
    def features(self):
        """The backbone, with the decoder's map as a second output."""
        return self._features()

    def checkpoint_entries(self):
        return deeplab_v3_entries(self)

    def get_config(self):
        return {
            **super().get_config(),
            "backbone": self.serialize_network(self.backbone),
            "head_filters": self.head_filters,
            "rates": list(self.rates),
            "decoder": self.decoder,
            "dropout": self.dropout,
            "head_epsilon": self.head_epsilon,
            "head_momentum": self.head_momentum,
            "alignment": self.alignment,
        }


def features_and_fine(model):
    """The networks' part that sees the image, with all that the head needs.

    Args:
        model: a `DeepLabV3`.

    Returns:
        Its backbone; for a decoder a functional model of the same layers,
        from images to features and the finer map.
    """
    backbone = model.backbone
    if not model.decoder:
        return backbone
    return keras.Model(
        backbone.inputs,
        [backbone.output, backbone.fine_output],
        name=backbone.name,
    )
