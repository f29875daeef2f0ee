"""The trained weights that the package brings; README.md is their card."""

from accel_tf.weights.shipped import (
    DESCRIPTION,
    PRESET,
    default_model,
    default_weights,
)

__all__ = ["DESCRIPTION", "PRESET", "default_model", "default_weights"]
