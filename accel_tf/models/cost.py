"""Counting multiply-additions of functional networks."""

import math

import keras

from accel_tf.layers import DeformableConv2D


def count_multiply_adds(network, *input_shapes):
    """Multiply-additions of the convolutions of a functional model.

    Args:
        network: a functional `keras.Model`.
        *input_shapes: of each input, e.g. `(1, 512, 1024, 3)`; no `None`.

    Returns:
        int, for the batch size of the shapes.
    """
    layers = [
        layer
        for layer in network.layers
        if isinstance(
            layer,
            keras.layers.Conv2D
            | keras.layers.Conv2DTranspose
            | DeformableConv2D,
        )
    ]
    # A transposed convolution works once for every *input* pixel.
    probes = keras.Model(
        network.inputs,
        [
            layer.input
            if isinstance(layer, keras.layers.Conv2DTranspose)
            else layer.output
            for layer in layers
        ],
    )
    shapes = probes.compute_output_shape(
        input_shapes[0] if len(input_shapes) == 1 else list(input_shapes)
    )
    if len(layers) == 1 and not isinstance(shapes[0], tuple | list):
        shapes = [shapes]
    return sum(
        math.prod(shape[:3]) * math.prod(layer.kernel.shape)
        for layer, shape in zip(layers, shapes, strict=True)
    )


def count_upsampling(scores_shape, stride):
    """Of the transposed convolution that `upsample_scores` stands for."""
    return math.prod(scores_shape) * (2 * stride) ** 2


def count_warp(features_shape):
    """Of bilinear sampling: four products for every value."""
    return 4 * math.prod(features_shape)
