"""The trained weights that the package brings; README.md is their card."""

from accel_tf.weights.shipped import (
    PARTS,
    PRESET,
    default_model,
    default_weights,
    describe,
)

__all__ = ["PARTS", "PRESET", "default_model", "default_weights", "describe"]
