"""X3D's features."""

import keras

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
    stem,
    swish,
)


@keras.saving.register_keras_serializable(package="accel_tf")
class X3DBackbone(ClipBackbone):
    """Inverted residual blocks whose 3x3x3 convolutions are depthwise.

    X3D (CVPR 2020), table 1. Every stage halves height and width; the number
    of frames stays. Every other block has squeeze-and-excitation.

    Args:
        blocks: of the four stages.
        stem_filters: channels of the stem and of the first stage; those of
            the following stages are twice those of the one before.
        inner_filters: channels within the blocks of the first stage,
            likewise.
        dtype: dtype policy of the layers; `None` is Keras' default.
    """

    arguments = ("blocks", "stem_filters", "inner_filters")

    def __init__(
        self,
        blocks=(3, 5, 11, 7),
        stem_filters=24,
        inner_filters=54,
        dtype=None,
        **kwargs,
    ):
        with network_scope(kwargs.get("name"), dtype):
            frames = keras.Input((None, None, 3), name="frames")
            x = stem(frames, stem_filters, "s1")
            maps = {2: x}
            for stage, count in enumerate(blocks):
                for index in range(count):
                    x = _block(
                        x,
                        stem_filters * 2**stage,
                        inner_filters * 2**stage,
                        2 if index == 0 else 1,
                        index % 2 == 0,
                        f"s{stage + 2}_res{index}",
                    )
                maps[4 * 2**stage] = x
            super().__init__(inputs=frames, outputs=x, **kwargs)

        self.maps = maps
        self.head_filters = inner_filters * 2 ** (len(blocks) - 1)

        # === Config ===
        self.blocks = tuple(blocks)
        self.stem_filters = stem_filters
        self.inner_filters = inner_filters


def _block(shortcut, filters, inner, strides, weighs_channels, name):
    x = pointwise(shortcut, inner, f"{name}_a")
    x = relu(normalize(x, f"{name}_a_bn"), f"{name}_a_relu")
    x = DepthwiseConv3D((3, 3, 3), strides, name=f"{name}_b")(x)
    x = normalize(x, f"{name}_b_bn")
    if weighs_channels:
        x = SqueezeExcitation(squeeze_width(inner), name=f"{name}_se")(x)
    x = pointwise(swish(x, f"{name}_swish"), filters, f"{name}_c")
    x = normalize(x, f"{name}_c_bn", gamma="zeros")
    return residual(shortcut, x, filters, strides, name)
