"""The teacher of TDNet's sub-networks: a PSPNet, split into groups."""

import keras
from keras import ops

from accel_tf.checkpoints.entries import torch_layer_entries
from accel_tf.layers.blocks import HE, batch_norm, dtype_scope, relu
from accel_tf.models.image_normalization import normalize_image
from accel_tf.models.network import copy_network
from accel_tf.models.pspnet.convert_pspnet import (
    backbone_entries,
    pyramid_entries,
)
from accel_tf.models.pspnet.pyramid_pooling import BINS, PyramidPooling

# For as many groups: by what a group's sum is multiplied where it stands
# alone, and the group that each path learns from. Of four paths the first
# and the third see the first half of the channels, as do the groups 0 and 1.
_PUBLISHED = {2: (1, (0, 1)), 4: (4, (0, 2, 1, 3))}


class GroupedPSPNet(keras.Model):
    """A PSPNet that also tells what each group of its channels would say.

    Grouped knowledge distillation of TDNet (CVPR 2020, section 3.3). The
    head's 3x3 convolution is the sum of one for each group of channels of
    the pyramid; after that sum the scores are those of the whole PSPNet. A
    group's own scores are made of its part of the sum alone, with four
    groups times four, with two groups as it is, as published.

    Called on frames, RGB 0..255 `[B, H, W, 3]`, it gives `(full, groups)`,
    scores at the network's stride: `[B, h, w, classes]` and
    `[B, groups, h, w, classes]`, the groups in the order of the channels.
    It never trains: normalisation uses its stored statistics and there is
    no dropout.

    Args:
        backbone: network from `normalize_image` to features.
        num_classes: classes of the scores.
        groups: 2 or 4, the number of TDNet's paths.
        head_filters: channels of the 3x3 convolutions; by default a quarter
            of the backbone's.
        dtype, name: as in `keras.Model`.

    Attributes:
        group_of_path: for each path of TDNet, from 0, its group. With four
            paths it is `(0, 2, 1, 3)`: path 2 sees the same channels of its
            features as path 0.

    Raises:
        ValueError: for another number of groups, or channels that cannot be
            split so.
    """

    unused_checkpoint_tensors = ("pretrained.fc.*", "auxlayer.*")

    def __init__(
        self, backbone, num_classes, groups, head_filters=None, **kwargs
    ):
        super().__init__(autocast=False, **kwargs)
        if groups not in _PUBLISHED:
            raise ValueError(f"groups must be 2 or 4, not {groups!r}.")
        self.num_classes = num_classes
        self.group_gain, self.group_of_path = _PUBLISHED[groups]
        channels = backbone.output_shape[-1]
        filters = head_filters or channels // 4
        with dtype_scope(self.dtype_policy):
            self.backbone = backbone
            # One for each, for the official files hold as many.
            self.pyramids = [
                PyramidPooling(channels, groups, group, name=f"pyramid_{group}")
                for group in range(groups)
            ]
            self.group_convolutions = [
                _convolution(2 * channels // groups, filters, f"group_{group}")
                for group in range(groups)
            ]
            self.head = _head(filters, num_classes)
        self.trainable = False
        self.built = True

    @classmethod
    def from_pspnet(cls, pspnet, groups, name="teacher"):
        """Splits a PSPNet; its weights are copied.

        Args:
            pspnet: a trained `PSPNet`.
            groups: 2 or 4.
            name: of the teacher.

        Returns:
            A `GroupedPSPNet` whose full scores are those of `pspnet`.
        """
        teacher = cls(
            copy_network(pspnet.backbone, "backbone"),
            pspnet.num_classes,
            groups,
            pspnet.head_filters,
            dtype=pspnet.dtype_policy,
            name=name,
        )
        for pyramid in teacher.pyramids:
            pyramid.set_weights(pspnet.pyramid.get_weights())
        (kernel,) = pspnet.head.get_layer("conv").get_weights()
        for group, layer in enumerate(teacher.group_convolutions):
            channels = group_channels(kernel.shape[2] // 2, groups, group)
            layer.set_weights([kernel[:, :, channels]])
        for part in ("bn", "score"):
            weights = pspnet.head.get_layer(part).get_weights()
            teacher.head.get_layer(part).set_weights(weights)
        return teacher

    def call(self, frame, training=None):
        features = self.backbone(normalize_image(frame), training=False)
        parts = [
            convolution(pyramid(features, training=False))
            for pyramid, convolution in zip(
                self.pyramids, self.group_convolutions, strict=True
            )
        ]
        full = self.head(sum(parts), training=False)
        groups = [
            self.head(self.group_gain * part, training=False) for part in parts
        ]
        return full, ops.stack(groups, axis=1)

    def checkpoint_entries(self):
        """Entries of the official teachers `pspnet_2p` and `pspnet_4p`."""
        entries = backbone_entries(self.backbone, "pretrained.")
        for number, pyramid in enumerate(self.pyramids, 1):
            entries += pyramid_entries(pyramid, f"psp{number}.")
        for number, layer in enumerate(self.group_convolutions, 1):
            entries += torch_layer_entries(layer, f"group{number}.conv5.0")
        for layer, place in (("bn", "0"), ("score", "3")):
            layer = self.head.get_layer(layer)
            entries += torch_layer_entries(layer, f"head.conv5.{place}")
        return entries


def group_channels(channels, groups, group):
    """Which channels of a whole pyramid one group of it has.

    Args:
        channels: of the features; the pyramid has twice as many.
        groups: in how many parts `PyramidPooling` splits them.
        group: the part, from 0.

    Returns:
        list of int, in the order in which the group has them.
    """
    chosen, start = [], 0
    for size in (channels, *[channels // 4 for _ in BINS]):
        share = size // groups
        chosen += range(start + group * share, start + (group + 1) * share)
        start += size
    return chosen


def _convolution(channels, filters, name):
    layer = keras.layers.Conv2D(
        filters,
        3,
        padding="same",
        use_bias=False,
        kernel_initializer=HE,
        name=name,
    )
    with keras.name_scope(name):
        layer.build((None, None, None, channels))
    return layer


def _head(filters, num_classes):
    with keras.name_scope("head"):
        features = keras.Input((None, None, filters), name="features")
        x = relu(batch_norm(features, "bn"))
        scores = keras.layers.Conv2D(
            num_classes, 1, kernel_initializer=HE, name="score"
        )(x)
        return keras.Model(features, scores, name="head")
