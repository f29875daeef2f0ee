"""A small model's weights and updates, for tests of the codec."""

import dataclasses
import hashlib

import keras
import numpy as np

from accel_tf.distill.codec import header as header_module
from accel_tf.distill.parameter_space import ParameterSpace

CHECKSUM = 32


def small_space():
    """`ParameterSpace` of 5,123 weights, 128 of them statistics."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(32, 3, use_bias=False),
            layers.BatchNormalization(),
            layers.DepthwiseConv2D(3, use_bias=False),
            layers.BatchNormalization(epsilon=1e-5, scale=False),
            layers.Conv2D(107, 1),
            layers.Conv2D(2, 1),
        ]
    )
    return ParameterSpace(model)


def change(space, rng, share, scale=0.01):
    """Weights before, a mask and weights after, as a phase leaves them."""
    before = rng.normal(0, 0.1, space.size).astype(np.float32)
    mask = rng.random(space.trainable_size) < share
    target = before + rng.normal(0, scale, space.size).astype(np.float32)
    target[: space.trainable_size][~mask] = before[: mask.size][~mask]
    return before, mask, target


def signed(data):
    """Data with another's checksum given the one that fits."""
    body = data[:-CHECKSUM]
    return body + hashlib.sha256(body).digest()


def forged(update, parts=None, **fields):
    """A well-formed message with a header that lies.

    Args:
        update: `EncodedUpdate`.
        parts: compressed parts in place of its own.
        fields: of the header, in place of its own.
    """
    header, *own = header_module.split_update(update.data)
    parts = own if parts is None else parts
    fields = {"packed_sizes": tuple(map(len, parts)), **fields}
    return header_module.join_update(
        dataclasses.replace(header, **fields), parts
    )
