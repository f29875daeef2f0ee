"""Convolution, normalisation and pooling with the originals' padding."""

import contextlib

import keras
from keras import config, dtype_policies, layers

from accel_tf.layers.deformable_conv2d import DeformableConv2D
from accel_tf.layers.padded_max_pooling import PaddedMaxPooling

HE = "he_normal"


def initializer(kind, **options):
    """The config of an initializer, of which every layer makes its own.

    One that layers share gives the same numbers to all weights of a shape,
    with the seed of the moment at which it was made.

    Args:
        kind: name of a class of `keras.initializers`.
        **options: its arguments.
    """
    return {"class_name": kind, "config": options}


@contextlib.contextmanager
def dtype_scope(dtype):
    """Layers made inside follow `dtype`: a policy, its name or config."""
    previous = config.dtype_policy()
    if dtype is not None:
        config.set_dtype_policy(dtype_policies.get(dtype))
    try:
        yield
    finally:
        config.set_dtype_policy(previous)


@contextlib.contextmanager
def network_scope(name, dtype):
    """Layers made inside follow `dtype`; their weights' paths start so.

    Keras puts no network's name before the names of its layers, and two
    residual networks in one model would have weights of equal paths.
    """
    with dtype_scope(dtype), keras.name_scope(name or "network"):
        yield


def conv2d(
    x, filters, kernel_size, name, strides=1, dilation_rate=1, use_bias=False
):
    """Convolution with as many zeros on every side.

    "same" padding puts them all at the bottom and right where a strided
    convolution meets an even size; Caffe, MXNet and PyTorch never do.
    """
    if kernel_size == 1 and strides > 1:
        # The same pixels, picked beforehand: oneDNN crashes in the gradient
        # of strided 1x1 convolutions of few channels (TensorFlow 2.21).
        x = layers.MaxPooling2D(1, strides, name=f"{name}_subsample")(x)
        strides = 1
    padding = dilation_rate * (kernel_size - 1) // 2
    if padding and strides > 1:
        x = layers.ZeroPadding2D(padding, name=f"{name}_padding")(x)
    return layers.Conv2D(
        filters,
        kernel_size,
        strides=strides,
        dilation_rate=dilation_rate,
        padding="valid" if strides > 1 else "same",
        use_bias=use_bias,
        kernel_initializer=HE,
        name=name,
    )(x)


def deformable_conv(x, filters, name, groups, offset_dilation):
    """3x3 deformable convolution, dilation 2, and that of its offsets."""
    offsets = layers.Conv2D(
        groups * 18,
        3,
        dilation_rate=offset_dilation,
        padding="same",
        kernel_initializer="zeros",
        name=f"{name}_offset",
    )(x)
    return DeformableConv2D(
        filters,
        dilation_rate=2,
        deformable_groups=groups,
        kernel_initializer=HE,
        name=name,
    )([x, offsets])


def batch_norm(x, name, epsilon=1e-5, scale=True):
    return layers.BatchNormalization(
        momentum=0.9, epsilon=epsilon, scale=scale, name=name
    )(x)


def relu(x, name=None):
    return layers.ReLU(name=name)(x)


def leaky_relu(x, name=None):
    return layers.LeakyReLU(negative_slope=0.01, name=name)(x)


def max_pool(x, padding, name, signed=False):
    return PaddedMaxPooling(padding, signed, name=name)(x)
