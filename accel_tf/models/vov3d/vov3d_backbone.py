"""VoV3D's features."""

import keras
from keras import layers

from accel_tf.layers.blocks import network_scope, relu
from accel_tf.layers.depthwise_conv3d import DepthwiseConv3D
from accel_tf.layers.squeeze_excitation import (
    SqueezeExcitation,
    squeeze_width,
)
from accel_tf.models.x3d.clip_backbone import ClipBackbone
from accel_tf.models.x3d.clip_units import (
    normalize,
    pointwise,
    residual,
    spatial_depthwise,
    stem,
    swish,
)


@keras.saving.register_keras_serializable(package="accel_tf")
class VoV3DBackbone(ClipBackbone):
    """Temporal one-shot aggregation of factorised depthwise convolutions.

    VoV3D (2020): each block is a chain of D(2+1)D units, whose outputs are
    aggregated at once, so that short and long spans of time are seen side by
    side. Every stage halves height and width; the number of frames stays.

    Args:
        blocks: of the four stages.
        inner_filters: channels within the units of the first stage; those of
            the following stages are twice those of the one before. Blocks
            give half as many, the stem as many as the first stage.
        units: D(2+1)D units of each block.
        dtype: dtype policy of the layers; `None` is Keras' default.
    """

    arguments = ("blocks", "inner_filters", "units")
    # Officially `a.1` and `c.1`, names without the "bn" that is looked for.
    decayed_normalizations = tuple(
        f"*_unit*_{name}_bn/{variable}"
        for name in "ac"
        for variable in ("gamma", "beta")
    )

    def __init__(
        self,
        blocks=(1, 2, 3, 2),
        inner_filters=40,
        units=5,
        dtype=None,
        **kwargs,
    ):
        with network_scope(kwargs.get("name"), dtype):
            frames = keras.Input((None, None, 3), name="frames")
            x = stem(frames, inner_filters // 2, "s1")
            maps = {2: x}
            for stage, count in enumerate(blocks):
                for index in range(count):
                    x = _block(
                        x,
                        inner_filters * 2**stage,
                        2 if index == 0 else 1,
                        units,
                        f"s{stage + 2}_res{index}",
                    )
                maps[4 * 2**stage] = x
            super().__init__(inputs=frames, outputs=x, **kwargs)

        self.maps = maps
        self.head_filters = inner_filters * 2 ** (len(blocks) - 1)

        # === Config ===
        self.blocks = tuple(blocks)
        self.inner_filters = inner_filters
        self.units = units


def _block(shortcut, inner, strides, units, name):
    seen = [] if strides > 1 else [shortcut]
    x = shortcut
    for index in range(units):
        own = strides if index == 0 else 1
        x = _unit(x, inner, own, index % 2 == 0, f"{name}_unit{index}")
        seen.append(x)
    x = layers.Concatenate(name=f"{name}_aggregation")(seen)
    x = pointwise(x, inner // 2, f"{name}_c")
    x = normalize(x, f"{name}_c_bn", gamma="zeros")
    return residual(shortcut, x, inner // 2, strides, name)


def _unit(shortcut, inner, strides, weighs_channels, name):
    """D(2+1)D: a depthwise convolution within frames, then one over time."""
    x = pointwise(shortcut, inner, f"{name}_a")
    x = relu(normalize(x, f"{name}_a_bn"), f"{name}_a_relu")
    x = spatial_depthwise(x, f"{name}_b1", strides)
    x = DepthwiseConv3D((3, 1, 1), name=f"{name}_b2")(x)
    x = normalize(x, f"{name}_b_bn")
    if weighs_channels:
        x = SqueezeExcitation(squeeze_width(inner), name=f"{name}_se")(x)
    x = pointwise(swish(x, f"{name}_swish"), inner // 2, f"{name}_c")
    x = normalize(x, f"{name}_c_bn")
    if strides == 1 and shortcut.shape[-1] == inner // 2:
        x = layers.Add(name=f"{name}_sum")([x, shortcut])
    return relu(x, f"{name}_relu")
