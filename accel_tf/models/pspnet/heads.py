"""The heads of PSPNet and of TDNet's sub-networks."""

import keras

from accel_tf.layers.blocks import (
    HE,
    batch_norm,
    conv2d,
    leaky_relu,
    relu,
)


def fcn_head(channels, num_classes, filters, name, dropout=0.1):
    """3x3 convolution, normalisation, ReLU, dropout, 1x1 convolution.

    Args:
        channels: of the features.
        num_classes: of the scores.
        filters: of the 3x3 convolution.
        name: of the returned `keras.Model`.
        dropout: share of the channels that training drops.

    Returns:
        A model from `[B, h, w, channels]` to scores `[B, h, w, classes]`.
    """
    with keras.name_scope(name):
        features = keras.Input((None, None, channels), name="features")
        x = conv2d(features, filters, 3, "conv")
        x = relu(batch_norm(x, "bn"))
        x = keras.layers.SpatialDropout2D(dropout, name="dropout")(x)
        scores = keras.layers.Conv2D(
            num_classes, 1, kernel_initializer=HE, name="score"
        )(x)
        return keras.Model(features, scores, name=name)


def leaky_head(channels, num_classes, filters, name):
    """As `fcn_head`, leaky, without dropout and without bias (TD2-FA18)."""
    with keras.name_scope(name):
        features = keras.Input((None, None, channels), name="features")
        x = conv2d(features, filters, 3, "conv")
        x = leaky_relu(batch_norm(x, "bn"))
        scores = conv2d(x, num_classes, 1, "score")
        return keras.Model(features, scores, name=name)


def auxiliary_head(backbone, num_classes, name, dropout=0.1):
    """The head on the third stage that PSPNet and TDNet have in training.

    An `fcn_head` for `backbone.stage_output(3)`.

    Pyramid Scene Parsing Network (CVPR 2017, section 3.3). Its 3x3
    convolution has a quarter of the stage's channels, as published.

    Args:
        backbone: a `DilatedResNet`.
        num_classes: of the scores.
        name: of the returned `keras.Model`.
        dropout: share of the channels that training drops.

    Returns:
        A model from `[B, h, w, channels]` to scores `[B, h, w, classes]`.
    """
    channels = backbone.stage_output(3).shape[-1]
    return fcn_head(channels, num_classes, channels // 4, name, dropout)
