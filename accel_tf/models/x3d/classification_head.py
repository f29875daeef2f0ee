"""From the features of a clip to its classes, as X3D does it."""

import keras
from keras import layers

from accel_tf.layers.blocks import initializer, network_scope, relu
from accel_tf.layers.clip_pooling import ClipPooling
from accel_tf.models.x3d.clip_units import normalize, pointwise

_PROJECTION = initializer("RandomNormal", stddev=0.01)


def classification_head(
    channels, filters, num_classes, pooled, hidden, dropout, name
):
    """A network from features to logits by position.

    A 1x1 convolution, normalisation and ReLU; the mean over time and over
    windows of `pooled` by `pooled` features; a dense layer with ReLU,
    dropout, and the classes.

    Args:
        channels: of the features.
        filters: channels of the 1x1 convolution.
        num_classes: of the logits.
        pooled: features along a side of the windows, which lie at every
            position at which they fit.
        hidden: outputs of the dense layer.
        dropout: share of them that training leaves out.
        name: of the returned `keras.Model`.

    Returns:
        A model from `[B * T, h, w, channels]` to logits
        `[B, h - pooled + 1, w - pooled + 1, classes]`, as of the last frame.
    """
    with network_scope(name, None):
        features = keras.Input((None, None, channels), name="features")
        x = pointwise(features, filters, "conv_5")
        x = relu(normalize(x, "conv_5_bn"), "conv_5_relu")
        x = ClipPooling(pooled, name="pool")(x)
        x = relu(pointwise(x, hidden, "lin_5"), "lin_5_relu")
        x = layers.Dropout(dropout, name="dropout")(x)
        logits = layers.Conv2D(
            num_classes, 1, kernel_initializer=_PROJECTION, name="projection"
        )(x)
        return keras.Model(features, logits, name=name)
