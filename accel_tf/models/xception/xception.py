"""Xception-65 without its classifier, at a chosen stride."""

import keras

from accel_tf.layers.blocks import network_scope, relu
from accel_tf.layers.slim import convolution, depthwise, normalize
from accel_tf.models.network import Backbone

# Blocks: channels of the three separable convolutions of a unit, number of
# units, stride.
ENTRY = (
    ((128, 128, 128), 1, 2),
    ((256, 256, 256), 1, 2),
    ((728, 728, 728), 1, 2),
)
MIDDLE = (((728, 728, 728), 16, 1),)
EXIT = (((728, 1024, 1024), 1, 2), ((1536, 1536, 2048), 1, 1))


@keras.saving.register_keras_serializable(package="accel_tf")
class Xception(Backbone):
    """Separable convolutions in entry, middle and exit flow.

    Xception (CVPR 2017) in the form of DeepLabv3+ (ECCV 2018, section 3.2;
    `core/xception.py` of the official repository): more units, strided
    separable convolutions instead of pooling, and batch normalisation
    (epsilon 1e-3) after each depthwise convolution. A unit begins each of
    its three separable convolutions with a ReLU; its shortcut is a 1x1
    convolution in the entry flow and in the first block of the exit flow,
    nothing but the features in the middle flow, and absent in the last
    block, where a ReLU follows every normalisation instead. Once
    `output_stride` is reached, units dilate instead of striding.

    Maps `[B, H, W, 3]` between -1 and 1 to
    `[B, ceil(H / output_stride), ceil(W / output_stride), 2048]`.

    Args:
        entry_flow, middle_flow, exit_flow: blocks, `(channels, units,
            stride)` each, `channels` those of the three separable
            convolutions; the stride is that of the block's last unit.
        stem_filters: channels of the two first convolutions.
        output_stride: 8, 16 or 32.
        dtype: dtype policy of the layers; `None` is Keras' default.
    """

    arguments = (
        "entry_flow",
        "middle_flow",
        "exit_flow",
        "stem_filters",
        "output_stride",
    )

    def __init__(
        self,
        entry_flow=ENTRY,
        middle_flow=MIDDLE,
        exit_flow=EXIT,
        stem_filters=(32, 64),
        output_stride=16,
        dtype=None,
        **kwargs,
    ):
        with network_scope(kwargs.get("name"), dtype):
            image = keras.Input((None, None, 3), name="image")
            # As many zeros on every side, unlike "SAME" with a stride.
            x = keras.layers.ZeroPadding2D(1)(image)
            first, second = stem_filters
            x = keras.layers.Conv2D(
                first,
                3,
                strides=2,
                use_bias=False,
                kernel_initializer="he_normal",
                name="entry_flow_conv1_1",
            )(x)
            x = relu(_normalize(x, "entry_flow_conv1_1"))
            x = convolution(x, second, 3, "entry_flow_conv1_2")
            x = relu(_normalize(x, "entry_flow_conv1_2"))
            maps, stride, dilation = {2: x}, 2, 1
            flows = {
                "entry": entry_flow,
                "middle": middle_flow,
                "exit": exit_flow,
            }
            for flow, blocks in flows.items():
                for number, (channels, units, block_stride) in enumerate(
                    blocks, start=1
                ):
                    for unit in range(1, units + 1):
                        own = block_stride if unit == units else 1
                        dilates = own > 1 and stride == output_stride
                        x = _unit(
                            x,
                            channels,
                            f"{flow}_flow_block{number}_unit_{unit}",
                            1 if dilates else own,
                            dilation,
                            _shortcut(flow, number, blocks),
                        )
                        if dilates:
                            dilation *= own
                        else:
                            stride *= own
                        maps[stride] = x
            super().__init__(inputs=image, outputs=x, **kwargs)

        self.maps = maps

        # === Config ===
        self.entry_flow = _tuples(entry_flow)
        self.middle_flow = _tuples(middle_flow)
        self.exit_flow = _tuples(exit_flow)
        self.stem_filters = tuple(stem_filters)
        self.output_stride = output_stride

    @property
    def fine_output(self):
        """Symbolic map of stride 4 that DeepLab's decoder sees.

        The second separable convolution of the second block.
        """
        name = "entry_flow_block2_unit_1_separable_conv2_pointwise_BatchNorm"
        return self.get_layer(name).output


def _shortcut(flow, number, blocks):
    if flow == "middle":
        return "sum"
    return "none" if flow == "exit" and number == len(blocks) else "conv"


def _unit(x, channels, name, strides, dilation, shortcut):
    inputs = x
    is_last = shortcut == "none"
    for index, filters in enumerate(channels, start=1):
        own = strides if index == len(channels) else 1
        part = f"{name}_separable_conv{index}"
        if not is_last:
            x = relu(x)
        x = separable(x, filters, part, _normalize, is_last, own, dilation)
    if is_last:
        return x
    if shortcut == "conv":
        inputs = _strided(inputs, strides, f"{name}_shortcut")
        inputs = convolution(inputs, channels[-1], 1, f"{name}_shortcut")
        inputs = _normalize(inputs, f"{name}_shortcut")
    return keras.layers.Add(name=name)([x, inputs])


def separable(
    x, filters, name, normalize, activated, strides=1, dilation_rate=1
):
    """A depthwise 3x3 and a pointwise convolution, each normalised.

    Args:
        x: features.
        filters: of the pointwise convolution.
        name: what the names of the layers start with.
        normalize: function of features and the name of their convolution.
        activated: whether a ReLU follows both normalisations.
        strides, dilation_rate: of the depthwise convolution.
    """
    padding = "same"
    if strides > 1:
        x = keras.layers.ZeroPadding2D(dilation_rate)(x)
        padding = "valid"
    x = depthwise(x, f"{name}_depthwise", strides, dilation_rate, padding)
    x = normalize(x, f"{name}_depthwise")
    x = relu(x) if activated else x
    x = convolution(x, filters, 1, f"{name}_pointwise")
    x = normalize(x, f"{name}_pointwise")
    return relu(x) if activated else x


def _strided(x, strides, name):
    """The pixels that a 1x1 convolution with a stride sees."""
    if strides == 1:
        return x
    return keras.layers.MaxPooling2D(1, strides, name=f"{name}_subsample")(x)


def _normalize(x, name):
    return normalize(x, name, epsilon=1e-3, momentum=0.9997)


def _tuples(blocks):
    return tuple(
        (tuple(channels), units, stride) for channels, units, stride in blocks
    )
