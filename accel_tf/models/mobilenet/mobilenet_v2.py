"""MobileNetV2 without its classifier, at a chosen stride."""

import keras

from accel_tf.layers.blocks import network_scope
from accel_tf.layers.slim import convolution, depthwise, normalize
from accel_tf.models.network import Backbone

# Expansion, channels, blocks and stride of each stage.
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


@keras.saving.register_keras_serializable(package="accel_tf")
class MobileNetV2(Backbone):
    """Inverted residual blocks with linear bottlenecks.

    MobileNetV2 (CVPR 2018) as `slim` has it: a 3x3 convolution with stride 2
    and 17 blocks of an expansion, a depthwise 3x3 convolution and a linear
    projection, all with batch normalisation (epsilon 1e-3), the first two
    with a ReLU up to 6. Zeros around the maps are placed as TensorFlow's
    "SAME" does. Once `output_stride` is reached, blocks dilate instead of
    striding, from the one after that on.

    Maps `[B, H, W, 3]` between -1 and 1 to
    `[B, ceil(H / output_stride), ceil(W / output_stride), 320]`.

    Args:
        stages: `(expansion, channels, blocks, stride)` of each.
        stem_filters: channels of the first convolution.
        output_stride: 8, 16 or 32.
        dtype: dtype policy of the layers; `None` is Keras' default.
    """

    arguments = ("stages", "stem_filters", "output_stride")

    def __init__(
        self,
        stages=STAGES,
        stem_filters=32,
        output_stride=16,
        dtype=None,
        **kwargs,
    ):
        with network_scope(kwargs.get("name"), dtype):
            image = keras.Input((None, None, 3), name="image")
            x = convolution(image, stem_filters, 3, "Conv", strides=2)
            x = _relu6(_normalize(x, "Conv"))
            stride, dilation, index, maps = 2, 1, 0, {}
            for expansion, filters, blocks, strides in stages:
                for block in range(blocks):
                    own = strides if block == 0 else 1
                    dilates = own > 1 and stride == output_stride
                    x = _block(
                        x,
                        expansion,
                        filters,
                        1 if dilates else own,
                        dilation,
                        "expanded_conv" + (f"_{index}" if index else ""),
                    )
                    if dilates:
                        dilation *= own
                    else:
                        stride *= own
                    maps[stride] = x
                    index += 1
            super().__init__(inputs=image, outputs=x, **kwargs)

        self.maps = maps

        # === Config ===
        self.stages = tuple(tuple(stage) for stage in stages)
        self.stem_filters = stem_filters
        self.output_stride = output_stride


def _block(x, expansion, filters, strides, dilation, name):
    shortcut = x
    if expansion > 1:
        x = convolution(x, expansion * x.shape[-1], 1, f"{name}_expand")
        x = _relu6(_normalize(x, f"{name}_expand"))
    x = depthwise(x, f"{name}_depthwise", strides, dilation)
    x = _relu6(_normalize(x, f"{name}_depthwise"))
    x = convolution(x, filters, 1, f"{name}_project")
    x = _normalize(x, f"{name}_project")
    if strides > 1 or shortcut.shape[-1] != filters:
        return x
    return keras.layers.Add(name=name)([x, shortcut])


def _normalize(x, name):
    return normalize(x, name, epsilon=1e-3, momentum=0.9)


def _relu6(x):
    return keras.layers.ReLU(max_value=6.0)(x)
