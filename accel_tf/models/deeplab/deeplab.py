"""Per-frame DeepLab, the reference of every key-frame system."""

import keras

from accel_tf.layers.blocks import dtype_scope
from accel_tf.models.cost import count_multiply_adds, count_upsampling
from accel_tf.models.deeplab.convert_deeplab import deeplab_entries
from accel_tf.models.deeplab.segmentation_head import segmentation_head
from accel_tf.models.image_normalization import subtract_mean
from accel_tf.models.segmenter import VideoSegmenter
from accel_tf.models.split import Split


class DeepLabStep(VideoSegmenter):
    """What `DeepLab` computes with its `backbone` and its `head`."""

    least_side = 3  # the residual networks' pooling

    @property
    def output_stride(self):
        return self.backbone.output_stride

    def score(self, frame, state, is_key, training=None):
        features = self.backbone(subtract_mean(frame), training=training)
        return self.head(features, training=training), None

    def multiply_adds(self, height, width):
        image = (1, height, width, 3)
        features = self.backbone.compute_output_shape(image)
        scores = (*features[:3], self.num_classes)
        total = (
            count_multiply_adds(self.backbone, image)
            + count_multiply_adds(self.head, features)
            + count_upsampling(scores, self.output_stride)
        )
        return {"key": total, "non_key": total}

    def split_at(self, name):
        """At `"backbone"`, as Deep Feature Flow is split."""
        if name != "backbone":
            raise ValueError(
                f"{self.name} can be split at 'backbone', not at {name!r}."
            )

        def shape(batch_size, height, width):
            image = (batch_size, height, width, 3)
            return self.backbone.compute_output_shape(image)

        return Split(
            lambda frame, training: self.backbone(
                subtract_mean(frame), training=training
            ),
            lambda features, size, training: self.head(
                features, training=training
            ),
            self.output_stride,
            shape,
            lambda *size: count_multiply_adds(self.head, shape(1, *size)),
        )


@keras.saving.register_keras_serializable(package="accel_tf")
class DeepLab(DeepLabStep):
    """A backbone, two 1x1 convolutions and bilinear up-sampling.

    The per-frame networks of Accel (CVPR 2019, section 3) in the form of
    Deformable Convolutional Networks (ICCV 2017, section 3.2). Stateless:
    every frame is computed afresh and `is_key` is ignored.

    Args:
        backbone: network from RGB minus the mean, `[B, H, W, 3]`, to
            features; has `output_stride`.
        num_classes: classes of the logits.
        head_filters: channels of the head's first convolution.
        prefix: what the official names of this network's tensors start
            with, for `load_checkpoint`.
        label_map, dtype, name: as in `VideoSegmenter`.
    """

    last_layer_tensors = ("*score_weight", "*score_bias", "*upsampling_weight")

    def __init__(
        self, backbone, num_classes, head_filters=1024, prefix="", **kwargs
    ):
        super().__init__(num_classes, **kwargs)
        self.head_filters = head_filters
        self.prefix = prefix
        with dtype_scope(self.dtype_policy):
            self.backbone = backbone
            self.head = segmentation_head(
                backbone.output_shape[-1], num_classes, head_filters, "head"
            )
        self.built = True

    def checkpoint_entries(self):
        return deeplab_entries(self)

    def get_config(self):
        return {
            **super().get_config(),
            "backbone": self.serialize_network(self.backbone),
            "head_filters": self.head_filters,
            "prefix": self.prefix,
        }
