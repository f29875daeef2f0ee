"""The head of PIDNet."""

import keras

from accel_tf.layers.blocks import HE, batch_norm, conv2d, relu


def scores_head(channels, num_classes, filters, name):
    """Normalisation and ReLU before a 3x3 and before a 1x1 convolution.

    Args:
        channels: of the features.
        num_classes: of the scores.
        filters: of the 3x3 convolution.
        name: of the returned `keras.Model`.

    Returns:
        A model from `[B, h, w, channels]` to scores `[B, h, w, classes]`.
    """
    with keras.name_scope(name):
        features = keras.Input((None, None, channels), name="features")
        x = relu(batch_norm(features, "bn1"))
        x = relu(batch_norm(conv2d(x, filters, 3, "conv"), "bn2"))
        scores = keras.layers.Conv2D(
            num_classes, 1, kernel_initializer=HE, name="score"
        )(x)
        return keras.Model(features, scores, name=name)
