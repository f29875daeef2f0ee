"""The head of DeepLab in Accel's published form."""

import keras

from accel_tf.layers.blocks import initializer


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
    # As published; the features are unbounded and would swamp the softmax.
    small = initializer("RandomNormal", stddev=0.01)
    with keras.name_scope(name):
        features = keras.Input((None, None, channels), name="features")
        x = keras.layers.Conv2D(
            filters, 1, activation="relu", kernel_initializer=small, name="fc6"
        )(features)
        scores = keras.layers.Conv2D(
            num_classes, 1, kernel_initializer=small, name="score"
        )(x)
        return keras.Model(features, scores, name=name)
