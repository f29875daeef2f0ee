"""The network of TD2-FA18, with fast attention at four strides."""

import math

import keras

from accel_tf.layers import ResizeLike
from accel_tf.layers.blocks import (
    batch_norm,
    conv2d,
    leaky_relu,
    max_pool,
    network_scope,
)
from accel_tf.models.cost import count_multiply_adds
from accel_tf.models.network import Backbone
from accel_tf.models.pspnet.residual_units import basic_unit
from accel_tf.models.tdnet.linear_attention import LinearAttention

STRIDES = (8, 16, 32, 64)


@keras.saving.register_keras_serializable(package="accel_tf")
class FANet(Backbone):
    """A residual network whose four stages meet at stride 8.

    Real-time Semantic Segmentation with Fast Attention (RA-L 2020) as the
    training code of TDNet (CVPR 2020) has it, which differs from the paper
    in what its checkpoints need: the first stage strides too, so that the
    maps lie at strides 8, 16, 32 and 64; and each 1x1 convolution towards
    the next finer stage pads by one pixel.

    Maps `[B, H, W, 3]` from `normalize_image` to
    `[B, ceil(H / 8), ceil(W / 8), 2 * smooth_filters]`.

    Args:
        blocks: basic units in each of the four stages.
        filters: channels of each stage.
        stem_filters: channels of the first 7x7 convolution.
        key_filters: channels of queries and keys.
        smooth_filters: channels of each of the two maps that come out.
        dtype: dtype policy of the layers; `None` is Keras' default.

    Raises:
        ValueError: if a stage has other than half the next one's channels.
    """

    arguments = (
        "blocks",
        "filters",
        "stem_filters",
        "key_filters",
        "smooth_filters",
    )
    output_stride = 8

    def __init__(
        self,
        blocks=(2, 2, 2, 2),
        filters=(64, 128, 256, 512),
        stem_filters=64,
        key_filters=32,
        smooth_filters=128,
        dtype=None,
        **kwargs,
    ):
        if any(filters[i + 1] != 2 * filters[i] for i in range(3)):
            raise ValueError(
                "filters must double from stage to stage, got "
                f"{tuple(filters)}."
            )
        with network_scope(kwargs.get("name"), dtype):
            # === Residual network ===
            image = keras.Input((None, None, 3), name="image")
            x = conv2d(image, stem_filters, 7, "conv1", strides=2)
            x = leaky_relu(batch_norm(x, "bn1"))
            maps = {2: x}
            x = max_pool(x, (1, 1), "maxpool", signed=True)
            maps[4] = x
            for stage, stride in enumerate(STRIDES):
                for index in range(blocks[stage]):
                    x = basic_unit(
                        x,
                        filters[stage],
                        f"layer{stage + 1}_{index}",
                        2 if index == 0 else 1,
                        (1, 1),
                        leaky_relu,
                    )
                maps[stride] = x

            # === Fast attention, from coarse to fine ===
            smooth, coarser = {}, None
            for stride in reversed(STRIDES):
                name = f"stride{stride}"
                x = _fast_attention(maps[stride], key_filters, name)
                if coarser is not None:
                    x = keras.layers.Add()([ResizeLike()([coarser, x]), x])
                maps[stride] = x
                if stride in (8, 32):
                    smooth[stride] = _unit(
                        x, smooth_filters, 3, f"{name}_smooth"
                    )
                if stride > 8:
                    half = x.shape[-1] // 2
                    padded = keras.layers.ZeroPadding2D(1)(x)
                    coarser = _unit(padded, half, 1, f"{name}_up")
            x = keras.layers.Concatenate(name="features")(
                [ResizeLike()([smooth[32], smooth[8]]), smooth[8]]
            )
            maps[8] = x
            super().__init__(inputs=image, outputs=x, **kwargs)

        self.maps = maps

        # === Config ===
        self.blocks = tuple(blocks)
        self.filters = tuple(filters)
        self.stem_filters = stem_filters
        self.key_filters = key_filters
        self.smooth_filters = smooth_filters

    def multiply_adds(self, image_shape):
        """Of convolutions and attention, for images of `image_shape`."""
        total = count_multiply_adds(self, image_shape)
        batch, height, width, _ = image_shape
        for stride, channels in zip(STRIDES, self.filters, strict=True):
            pixels = math.ceil(height / stride) * math.ceil(width / stride)
            total += 2 * batch * pixels * self.key_filters * channels
        return total


def _fast_attention(x, key_filters, name):
    queries, keys = (
        batch_norm(
            conv2d(x, key_filters, 1, f"{name}_{kind}_conv"),
            f"{name}_{kind}_bn",
        )
        for kind in ("query", "key")
    )
    channels = x.shape[-1]
    values = _unit(x, channels, 1, f"{name}_value")
    y = LinearAttention(name=f"{name}_attention")([queries, keys, values])
    y = _unit(y, channels, 1, f"{name}_lateral")
    return keras.layers.Add()([y, x])


def _unit(x, filters, kernel_size, name):
    x = conv2d(x, filters, kernel_size, f"{name}_conv")
    return leaky_relu(batch_norm(x, f"{name}_bn"))
