"""ResNet, version 1, with deformable convolutions in the last stage."""

import keras

from accel_tf.layers.blocks import (
    batch_norm,
    conv2d,
    deformable_conv,
    max_pool,
    network_scope,
    relu,
)
from accel_tf.models.network import Backbone


@keras.saving.register_keras_serializable(package="accel_tf")
class ResNetV1(Backbone):
    """The bottleneck ResNet of the published DeepLab and Accel.

    Caffe's form (the stride sits on the first 1x1 convolution, the first
    pooling rounds up), with a last stage that keeps the resolution: its
    3x3 convolutions are deformable with dilation 2. Source: Deep Residual
    Learning (CVPR 2016), Deformable Convolutional Networks (ICCV 2017);
    `get_resnet_dcn` of the official Accel code.

    Maps `[B, H, W, 3]`, RGB minus the mean (`subtract_mean`), to
    `[B, h, w, filters[-1] * 4]`, `h` about `H / output_stride`.

    Args:
        blocks: units in each of the four stages.
        filters: width of the 3x3 convolutions of each stage; a stage's
            output has four times as many channels.
        strides: stride of each stage. The last must be 1.
        stem_filters: channels of the first 7x7 convolution.
        deformable_groups: groups of the deformable convolutions.
        offset_dilation: dilation of the convolutions that give the offsets.
        dtype: dtype policy of the layers; `None` is Keras' default.
    """

    arguments = (
        "blocks",
        "filters",
        "strides",
        "stem_filters",
        "deformable_groups",
        "offset_dilation",
    )

    def __init__(
        self,
        blocks=(3, 4, 23, 3),
        filters=(64, 128, 256, 512),
        strides=(1, 2, 2, 1),
        stem_filters=64,
        deformable_groups=1,
        offset_dilation=1,
        dtype=None,
        **kwargs,
    ):
        if strides[-1] != 1:
            raise ValueError(
                f"the last of strides must be 1, got {tuple(strides)}: the "
                "deformable stage keeps the resolution."
            )
        with network_scope(kwargs.get("name"), dtype):
            # === Stem ===
            image = keras.Input((None, None, 3), name="image")
            x = conv2d(image, stem_filters, 7, "conv1", strides=2)
            x = relu(batch_norm(x, "bn_conv1"), "conv1_relu")
            maps, stride = {2: x}, 4
            x = max_pool(x, (0, 1), "pool1")

            # === Stages ===
            for index in range(4):
                stride *= strides[index]
                for unit in range(blocks[index]):
                    x = _bottleneck(
                        x,
                        filters[index],
                        f"{index + 2}_{unit + 1}_branch",
                        strides[index] if unit == 0 else 1,
                        first=unit == 0,
                        deformable=(deformable_groups, offset_dilation)
                        if index == 3
                        else None,
                    )
                maps[stride] = x
            super().__init__(inputs=image, outputs=x, **kwargs)

        self.maps = maps

        # === Config ===
        self.blocks = tuple(blocks)
        self.filters = tuple(filters)
        self.strides = tuple(strides)
        self.stem_filters = stem_filters
        self.deformable_groups = deformable_groups
        self.offset_dilation = offset_dilation

    @property
    def output_stride(self):
        """Input pixels per feature pixel."""
        first, second, third, _ = self.strides
        return 4 * first * second * third


def _bottleneck(x, filters, name, strides, first, deformable):
    shortcut = x
    if first:
        shortcut = conv2d(x, filters * 4, 1, f"res{name}1", strides=strides)
        shortcut = batch_norm(shortcut, f"bn{name}1")
    x = conv2d(x, filters, 1, f"res{name}2a", strides=strides)
    x = relu(batch_norm(x, f"bn{name}2a"))
    if deformable:
        x = deformable_conv(x, filters, f"res{name}2b", *deformable)
    else:
        x = conv2d(x, filters, 3, f"res{name}2b")
    x = relu(batch_norm(x, f"bn{name}2b"))
    x = conv2d(x, filters * 4, 1, f"res{name}2c")
    x = batch_norm(x, f"bn{name}2c")
    return relu(keras.layers.Add()([shortcut, x]))
