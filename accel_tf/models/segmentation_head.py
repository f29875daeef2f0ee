"""The head of DeepLab in Accel's published form."""

import keras

from accel_tf.layers.blocks import HE


def segmentation_head(channels, num_classes, filters, name):
    """1x1 convolution, ReLU, 1x1 convolution: `fc6` and `score`.

    Args:
        channels: of the features.
        num_classes: of the scores.
        filters: of `fc6`; 1,024 in the published models.
        name: of the returned `keras.Model`.

    Returns:
        A model from `[B, h, w, channels]` to scores `[B, h, w, classes]`.
    """
    features = keras.Input((None, None, channels), name="features")
    x = keras.layers.Conv2D(
        filters, 1, activation="relu", kernel_initializer=HE, name="fc6"
    )(features)
    scores = keras.layers.Conv2D(
        num_classes, 1, kernel_initializer=HE, name="score"
    )(x)
    return keras.Model(features, scores, name=name)
