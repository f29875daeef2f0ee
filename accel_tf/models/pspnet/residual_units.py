"""Residual units with torchvision's structure and names."""

import keras

from accel_tf.layers.blocks import batch_norm, conv2d, relu


def basic_unit(x, filters, name, strides, dilations, activation=relu):
    """Two 3x3 convolutions; the sum always ends in a ReLU.

    Args:
        x: features.
        filters: channels of the unit and of its output.
        name: of its last layer, and what the names of the others start with.
        strides: of the first convolution.
        dilations: of the first and of the second.
        activation: `relu` or `leaky_relu`, after the first.
    """
    shortcut = _shortcut(x, filters, name, strides)
    x = conv2d(x, filters, 3, f"{name}_conv1", strides, dilations[0])
    x = activation(batch_norm(x, f"{name}_bn1"))
    x = conv2d(x, filters, 3, f"{name}_conv2", dilation_rate=dilations[1])
    x = batch_norm(x, f"{name}_bn2")
    return relu(keras.layers.Add()([x, shortcut]), name)


def bottleneck_unit(x, filters, name, strides, dilations):
    """1x1, 3x3 with stride and dilation, and 1x1 to `4 * filters`."""
    shortcut = _shortcut(x, 4 * filters, name, strides)
    x = relu(batch_norm(conv2d(x, filters, 1, f"{name}_conv1"), f"{name}_bn1"))
    x = conv2d(x, filters, 3, f"{name}_conv2", strides, dilations[0])
    x = relu(batch_norm(x, f"{name}_bn2"))
    x = conv2d(x, 4 * filters, 1, f"{name}_conv3")
    x = batch_norm(x, f"{name}_bn3")
    return relu(keras.layers.Add()([x, shortcut]), name)


def _shortcut(x, filters, name, strides):
    if strides == 1 and x.shape[-1] == filters:
        return x
    x = conv2d(x, filters, 1, f"{name}_downsample_0", strides)
    return batch_norm(x, f"{name}_downsample_1")
