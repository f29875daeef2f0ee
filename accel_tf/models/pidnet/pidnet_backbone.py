"""The three branches of PIDNet."""

import keras

from accel_tf.layers import ResizeLike
from accel_tf.layers.blocks import (
    batch_norm,
    conv2d,
    network_scope,
    relu,
)
from accel_tf.models.network import Backbone
from accel_tf.models.pidnet.context_pooling import (
    deep_pooling,
    parallel_pooling,
)
from accel_tf.models.pidnet.fusion import (
    attention_fusion,
    boundary_fusion,
    light_boundary_fusion,
)
from accel_tf.models.pidnet.units import (
    basic_stage,
    basic_unit,
    bottleneck_unit,
    conv_norm,
)


@keras.saving.register_keras_serializable(package="accel_tf")
class PIDNetBackbone(Backbone):
    """Detail, context and boundaries of an image, in three branches.

    PIDNet: A Real-time Semantic Segmentation Network Inspired by PID
    Controllers (CVPR 2023, section 4; `models/pidnet.py` of the official
    repository). The context branch goes down to stride 64; the detail
    branch (P) and the boundary branch (D) stay at stride 8, see the context
    at strides 16 and 32, and decide together what of it ends in the result.

    Maps `[B, H, W, 3]` from `normalize_image` to
    `[B, ceil(H / 8), ceil(W / 8), 4 * filters]`. The original takes
    multiples of 8 only.

    Args:
        filters: width of the first stage.
        blocks: units of the stages up to stride 8 and of the detail branch,
            and units of the two stages after them.
        pooling_filters: channels of each scale of the pyramid of averages.
        light: the forms of PIDNet-S and -M of the pyramid, of the boundary
            branch and of the last fusion, instead of PIDNet-L's.
        dtype: dtype policy of the layers; `None` is Keras' default.
    """

    arguments = ("filters", "blocks", "pooling_filters", "light")
    output_stride = 8

    def __init__(
        self,
        filters=32,
        blocks=(2, 3),
        pooling_filters=96,
        light=True,
        dtype=None,
        **kwargs,
    ):
        few, many = blocks
        with network_scope(kwargs.get("name"), dtype):
            # === One branch, to stride 8 ===
            image = keras.Input((None, None, 3), name="image")
            x = _conv_norm_relu(image, filters, "conv1", 0)
            maps = {2: x}
            x = _conv_norm_relu(x, filters, "conv1", 3)
            x = relu(basic_stage(x, filters, few, "layer1"))
            maps[4] = x
            x = relu(basic_stage(x, 2 * filters, few, "layer2", strides=2))
            detail = basic_stage(x, 2 * filters, few, "layer3_detail")
            boundary = basic_unit(
                x, filters if light else 2 * filters, "layer3_boundary"
            )

            # === Stride 16 ===
            context = relu(
                basic_stage(x, 4 * filters, many, "layer3", strides=2)
            )
            maps[16] = context
            detail = _attend(detail, context, filters, 3)
            boundary = _add_difference(boundary, context, 3)

            # === Stride 32 ===
            context = relu(
                basic_stage(context, 8 * filters, many, "layer4", strides=2)
            )
            maps[32] = context
            detail = basic_stage(
                relu(detail), 2 * filters, few, "layer4_detail"
            )
            boundary = relu(boundary)
            if light:
                boundary = bottleneck_unit(
                    boundary, filters, "layer4_boundary_0"
                )
            else:
                boundary = basic_unit(boundary, 2 * filters, "layer4_boundary")
            detail = _attend(detail, context, filters, 4)
            boundary = _add_difference(boundary, context, 4)

            # === Stride 64, and together ===
            context = bottleneck_unit(context, 8 * filters, "layer5_0", 2)
            context = bottleneck_unit(context, 8 * filters, "layer5_1")
            pooling = parallel_pooling if light else deep_pooling
            context = pooling(context, pooling_filters, 4 * filters, "spp")
            maps[64] = context
            context = ResizeLike(align_corners=False)([context, detail])
            detail = bottleneck_unit(
                relu(detail), 2 * filters, "layer5_detail_0"
            )
            boundary = bottleneck_unit(
                relu(boundary), 2 * filters, "layer5_boundary_0"
            )
            fuse = light_boundary_fusion if light else boundary_fusion
            x = fuse(detail, context, boundary, 4 * filters, "dfm")
            maps[8] = x
            super().__init__(inputs=image, outputs=x, **kwargs)

        self.maps = maps

        # === Config ===
        self.filters = filters
        self.blocks = tuple(blocks)
        self.pooling_filters = pooling_filters
        self.light = light


def _conv_norm_relu(x, filters, name, place):
    """Half of the stem, whose layers are counted through."""
    x = conv2d(x, filters, 3, f"{name}_{place}", strides=2, use_bias=True)
    return relu(batch_norm(x, f"{name}_{place + 1}"))


def _attend(detail, context, filters, stage):
    """The detail branch takes what it wants of the context."""
    context = conv_norm(context, 2 * filters, 1, f"compression{stage}")
    return attention_fusion(detail, context, filters, f"pag{stage}")


def _add_difference(boundary, context, stage):
    """What the context adds to the boundary branch after `stage`.

    The sum has the width that the boundary branch has already.
    """
    difference = conv_norm(context, boundary.shape[-1], 3, f"diff{stage}")
    difference = ResizeLike(align_corners=False)([difference, boundary])
    return keras.layers.Add(name=f"boundary{stage}")([boundary, difference])
