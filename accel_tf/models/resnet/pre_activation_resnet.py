"""The light networks of Accel-18 and Accel-34."""

import keras

from accel_tf.layers.blocks import (
    HE,
    batch_norm,
    conv2d,
    deformable_conv,
    max_pool,
    network_scope,
    relu,
)
from accel_tf.models.network import Backbone


@keras.saving.register_keras_serializable(package="accel_tf")
class PreActivationResNet(Backbone):
    """Basic-block ResNet whose last stage is deformable and up-sampled.

    Three stages with pre-activation units (Identity Mappings in Deep
    Residual Networks, ECCV 2016, in the form of MXNet's model zoo), then a
    fourth with post-activation units, stride 2 and deformable 3x3
    convolutions, fed by the raw sum of the third; at the end a learned 4x4
    transposed convolution with stride 2. Source: `get_resnet_18` and
    `get_resnet_34` of the official Accel code.

    Maps `[B, H, W, 3]`, RGB minus the mean (`subtract_mean`), to
    `[B, h, w, output_filters]`, `h` about `H / output_stride`.

    Args:
        blocks: units in each of the four stages.
        filters: channels of each stage.
        strides: strides of the first three stages; the fourth has 2.
        output_filters: channels after the transposed convolution.
        stem_filters: channels of the first 7x7 convolution.
        deformable_groups: groups of the deformable convolutions.
        dtype: dtype policy of the layers; `None` is Keras' default.
    """

    arguments = (
        "blocks",
        "filters",
        "strides",
        "output_filters",
        "stem_filters",
        "deformable_groups",
    )

    def __init__(
        self,
        blocks=(2, 2, 2, 2),
        filters=(64, 128, 256, 512),
        strides=(1, 2, 2),
        output_filters=2048,
        stem_filters=64,
        deformable_groups=4,
        dtype=None,
        **kwargs,
    ):
        with network_scope(kwargs.get("name"), dtype):
            # === Stem: the input is normalised too, without a scale ===
            image = keras.Input((None, None, 3), name="image")
            x = batch_norm(image, "bn_data", epsilon=2e-5, scale=False)
            x = conv2d(x, stem_filters, 7, "conv0", strides=2)
            x = relu(batch_norm(x, "bn0", epsilon=2e-5))
            maps, stride = {2: x}, 4
            x = max_pool(x, (1, 1), "pool0")

            # === Pre-activation stages ===
            for stage in range(3):
                stride *= strides[stage]
                for unit in range(blocks[stage]):
                    x = _pre_activation_unit(
                        x,
                        filters[stage],
                        f"stage{stage + 1}_unit{unit + 1}",
                        strides[stage] if unit == 0 else 1,
                        first=unit == 0,
                    )
                maps[stride] = x

            # === Deformable stage ===
            for unit in range(blocks[3]):
                x = _deformable_unit(
                    x,
                    filters[3],
                    f"5_{unit + 1}_branch",
                    2 if unit == 0 else 1,
                    deformable_groups,
                    first=unit == 0,
                )
            maps[2 * stride] = x
            x = keras.layers.Conv2DTranspose(
                output_filters,
                4,
                strides=2,
                padding="same",
                use_bias=False,
                kernel_initializer=HE,
                name="feat_upsampling",
            )(x)
            maps[stride] = x
            super().__init__(inputs=image, outputs=x, **kwargs)

        self.maps = maps

        # === Config ===
        self.blocks = tuple(blocks)
        self.filters = tuple(filters)
        self.strides = tuple(strides)
        self.output_filters = output_filters
        self.stem_filters = stem_filters
        self.deformable_groups = deformable_groups

    @property
    def output_stride(self):
        """Input pixels per feature pixel."""
        first, second, third = self.strides
        return 4 * first * second * third


def _pre_activation_unit(x, filters, name, strides, first):
    activated = relu(batch_norm(x, f"{name}_bn1", epsilon=2e-5))
    shortcut = x
    if first:
        shortcut = conv2d(activated, filters, 1, f"{name}_sc", strides=strides)
    x = conv2d(activated, filters, 3, f"{name}_conv1", strides=strides)
    x = relu(batch_norm(x, f"{name}_bn2", epsilon=2e-5))
    x = conv2d(x, filters, 3, f"{name}_conv2")
    return keras.layers.Add()([x, shortcut])


def _deformable_unit(x, filters, name, strides, groups, first):
    shortcut = x
    if first:
        shortcut = conv2d(x, filters, 1, f"res{name}1", strides=strides)
        shortcut = batch_norm(shortcut, f"bn{name}1")
    x = conv2d(x, filters, 3, f"res{name}2a", strides=strides)
    x = relu(batch_norm(x, f"bn{name}2a"))
    x = deformable_conv(x, filters, f"res{name}2b", groups, offset_dilation=2)
    x = batch_norm(x, f"bn{name}2b")
    return relu(keras.layers.Add()([shortcut, x]))
