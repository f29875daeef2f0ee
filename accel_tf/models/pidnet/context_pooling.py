"""The pyramids of averages at the end of PIDNet's context branch."""

import keras

from accel_tf.layers import GroupedConv2D, ResizeLike
from accel_tf.layers.blocks import HE, conv2d
from accel_tf.models.pidnet.units import norm_relu

# Kernel and stride of the averages; the last is of the whole map.
POOLS = ((5, 2), (9, 4), (17, 8), None)


def parallel_pooling(x, filters, output_filters, name):
    """PAPPM of PIDNet (CVPR 2023, figure 6): scales side by side.

    Args:
        x: features `[B, h, w, C]`.
        filters: channels of each scale.
        output_filters: of the result `[B, h, w, output_filters]`.
        name: what the names of the layers start with.
    """
    own, *scales = _scales(x, filters, name)
    scales = [keras.layers.Add()([scale, own]) for scale in scales]
    scales = norm_relu(_concatenate(scales), f"{name}_scales")
    scales = GroupedConv2D(
        len(POOLS) * filters,
        3,
        padding="same",
        groups=len(POOLS),
        use_bias=False,
        kernel_initializer=HE,
        name=f"{name}_scales_2",
    )(scales)
    return _compress(x, [own, scales], output_filters, name)


def deep_pooling(x, filters, output_filters, name):
    """DAPPM of DDRNet (2021, section III.C): each scale upon the finer one.

    Arguments and result are those of `parallel_pooling`.
    """
    own, *scales = _scales(x, filters, name)
    steps = [own]
    for index, scale in enumerate(scales, 1):
        step = keras.layers.Add()([scale, steps[-1]])
        step = norm_relu(step, f"{name}_process{index}")
        steps.append(conv2d(step, filters, 3, f"{name}_process{index}_2"))
    return _compress(x, steps, output_filters, name)


def _scales(x, filters, name):
    """The map itself and its averages, convolved; at the size of the map.

    But for the average of all, which is broadcast where it is added.
    """
    own = norm_relu(x, f"{name}_scale0")
    scales = [conv2d(own, filters, 1, f"{name}_scale0_2")]
    for index, pool in enumerate(POOLS, 1):
        average = _average(x, pool)
        average = norm_relu(average, f"{name}_scale{index}", 1)
        average = conv2d(average, filters, 1, f"{name}_scale{index}_3")
        if pool is not None:
            average = ResizeLike(align_corners=False)([average, x])
        scales.append(average)
    return scales


def _average(x, pool):
    """The zeros around the map count, as in PyTorch."""
    if pool is None:
        return keras.layers.GlobalAveragePooling2D(keepdims=True)(x)
    kernel_size, strides = pool
    x = keras.layers.ZeroPadding2D(kernel_size // 2)(x)
    return keras.layers.AveragePooling2D(kernel_size, strides)(x)


def _compress(x, scales, filters, name):
    scales = norm_relu(_concatenate(scales), f"{name}_compression")
    scales = conv2d(scales, filters, 1, f"{name}_compression_2")
    shortcut = norm_relu(x, f"{name}_shortcut")
    shortcut = conv2d(shortcut, filters, 1, f"{name}_shortcut_2")
    return keras.layers.Add(name=name)([scales, shortcut])


def _concatenate(maps):
    return keras.layers.Concatenate()(maps)
