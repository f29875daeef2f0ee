"""Convolutions and normalisation as TensorFlow 1's `slim` has them."""

from keras import layers

from accel_tf.layers.blocks import HE, initializer
from accel_tf.layers.unbiased_batch_normalization import (
    UnbiasedBatchNormalization,
)

# Of the published DeepLab's head.
_DEPTHWISE = initializer("TruncatedNormal", stddev=0.33)


def convolution(x, filters, kernel_size, name, strides=1):
    """A convolution without bias, zeros where "SAME" has them."""
    return layers.Conv2D(
        filters,
        kernel_size,
        strides=strides,
        padding="same",
        use_bias=False,
        kernel_initializer=HE,
        name=name,
    )(x)


def depthwise(x, name, strides=1, dilation_rate=1, padding="same"):
    """A 3x3 depthwise convolution without bias."""
    return layers.DepthwiseConv2D(
        3,
        strides=strides,
        dilation_rate=dilation_rate,
        padding=padding,
        use_bias=False,
        depthwise_initializer=_DEPTHWISE,
        name=name,
    )(x)


def normalize(x, name, epsilon, momentum):
    """Batch normalisation after the convolution `name`."""
    return UnbiasedBatchNormalization(
        epsilon=epsilon, momentum=momentum, name=f"{name}_BatchNorm"
    )(x)


def official_name(layer):
    """The name of the convolution that a layer is, or belongs to."""
    return layer.name.removesuffix("_BatchNorm")
