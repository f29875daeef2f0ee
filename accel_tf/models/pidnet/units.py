"""Residual units and convolutions of PIDNet.

Names are the official ones with `_` for `.`, but see `convert_pidnet.py`.
"""

import keras

from accel_tf.layers.blocks import batch_norm, conv2d, relu


def conv_norm(x, filters, kernel_size, name, strides=1, use_bias=False):
    """A convolution `<name>_0` and its batch normalisation `<name>_1`."""
    x = conv2d(x, filters, kernel_size, f"{name}_0", strides, 1, use_bias)
    return batch_norm(x, f"{name}_1")


def norm_relu(x, name, place=0):
    """Batch normalisation `<name>_<place>` and a ReLU, before a convolution.

    The convolution's place in the official sequence is `place + 2`.
    """
    return relu(batch_norm(x, f"{name}_{place}"))


def basic_unit(x, filters, name, strides=1, activated=False):
    """Two 3x3 convolutions and a shortcut.

    Args:
        x: features.
        filters: channels of the unit and of its output.
        name: what the names of its layers start with.
        strides: of the first convolution.
        activated: whether a ReLU follows the sum.
    """
    shortcut = _shortcut(x, filters, name, strides)
    x = conv2d(x, filters, 3, f"{name}_conv1", strides)
    x = relu(batch_norm(x, f"{name}_bn1"))
    x = batch_norm(conv2d(x, filters, 3, f"{name}_conv2"), f"{name}_bn2")
    x = keras.layers.Add(name=f"{name}_sum")([x, shortcut])
    return relu(x) if activated else x


def bottleneck_unit(x, filters, name, strides=1):
    """1x1, 3x3 with stride and 1x1 to `2 * filters`; no ReLU at its end."""
    shortcut = _shortcut(x, 2 * filters, name, strides)
    x = relu(batch_norm(conv2d(x, filters, 1, f"{name}_conv1"), f"{name}_bn1"))
    x = conv2d(x, filters, 3, f"{name}_conv2", strides)
    x = relu(batch_norm(x, f"{name}_bn2"))
    x = conv2d(x, 2 * filters, 1, f"{name}_conv3")
    x = batch_norm(x, f"{name}_bn3")
    return keras.layers.Add(name=f"{name}_sum")([x, shortcut])


def basic_stage(x, filters, blocks, name, strides=1):
    """`basic_unit`s with a ReLU after each of them but the last."""
    for index in range(blocks):
        x = basic_unit(
            x,
            filters,
            f"{name}_{index}",
            strides if index == 0 else 1,
            activated=index < blocks - 1,
        )
    return x


def _shortcut(x, filters, name, strides):
    if strides == 1 and x.shape[-1] == filters:
        return x
    return conv_norm(x, filters, 1, f"{name}_downsample", strides)
