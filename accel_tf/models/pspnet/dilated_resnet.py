"""The residual networks of PSPNet and TDNet, output stride 8."""

import keras

from accel_tf.layers.blocks import (
    batch_norm,
    conv2d,
    max_pool,
    network_scope,
    relu,
)
from accel_tf.models.network import Backbone
from accel_tf.models.pspnet.residual_units import basic_unit, bottleneck_unit


@keras.saving.register_keras_serializable(package="accel_tf")
class DilatedResNet(Backbone):
    """ResNet whose last two stages dilate instead of striding.

    Dilated Residual Networks (CVPR 2017) in the form of Zhang's PyTorch
    encoding, which the published PSPNet and TDNet use: the third stage has
    dilation 2, the fourth doubles from 4 with every unit (multi-grid). The
    second convolution of a basic unit keeps the dilation of its stage, and
    so does the whole first unit of the third stage but for its first
    convolution, which has none.

    Maps `[B, H, W, 3]` from `normalize_image` to
    `[B, ceil(H / 8), ceil(W / 8), C]`.

    Args:
        blocks: units in each of the four stages.
        bottleneck: units with 1x1, 3x3 and 1x1 convolutions, and four times
            as many channels at their end, instead of two 3x3 convolutions.
        filters: width of each stage.
        stem_filters: channels of the first convolution.
        deep_stem: three 3x3 convolutions, the last with
            `2 * stem_filters`, instead of one 7x7.
        dtype: dtype policy of the layers; `None` is Keras' default.
    """

    arguments = (
        "blocks",
        "bottleneck",
        "filters",
        "stem_filters",
        "deep_stem",
    )
    output_stride = 8

    def __init__(
        self,
        blocks=(2, 2, 2, 2),
        bottleneck=False,
        filters=(64, 128, 256, 512),
        stem_filters=64,
        deep_stem=False,
        dtype=None,
        **kwargs,
    ):
        unit = bottleneck_unit if bottleneck else basic_unit
        with network_scope(kwargs.get("name"), dtype):
            # === Stem ===
            image = keras.Input((None, None, 3), name="image")
            if deep_stem:
                x = conv2d(image, stem_filters, 3, "conv1_0", strides=2)
                x = relu(batch_norm(x, "conv1_1"))
                x = conv2d(x, stem_filters, 3, "conv1_3")
                x = relu(batch_norm(x, "conv1_4"))
                x = conv2d(x, 2 * stem_filters, 3, "conv1_6")
            else:
                x = conv2d(image, stem_filters, 7, "conv1", strides=2)
            x = relu(batch_norm(x, "bn1"))
            maps = {2: x}
            x = max_pool(x, (1, 1), "maxpool")

            # === Stages ===
            for stage in range(4):
                for index in range(blocks[stage]):
                    x = unit(
                        x,
                        filters[stage],
                        f"layer{stage + 1}_{index}",
                        2 if stage == 1 and index == 0 else 1,
                        _dilations(stage, index),
                    )
                maps[4 if stage == 0 else 8] = x
            super().__init__(inputs=image, outputs=x, **kwargs)

        self.maps = maps

        # === Config ===
        self.blocks = tuple(blocks)
        self.bottleneck = bottleneck
        self.filters = tuple(filters)
        self.stem_filters = stem_filters
        self.deep_stem = deep_stem

    def stage_output(self, stage):
        """Symbolic output of stage 1, 2, 3 or 4."""
        return self.get_layer(
            f"layer{stage}_{self.blocks[stage - 1] - 1}"
        ).output


def _dilations(stage, index):
    """Those of the first and of the second 3x3 convolution of a unit."""
    if stage < 2:
        return 1, 1
    if stage == 2:
        return (1 if index == 0 else 2), 2
    return 4 * 2**index, 4
