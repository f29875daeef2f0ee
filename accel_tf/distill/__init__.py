"""Learning on the go: a student that a teacher tunes over a network (AMS)."""

from accel_tf.distill.codec import (
    DecodedUpdate,
    EncodedUpdate,
    UpdateCodec,
    UpdateError,
    original_update,
)
from accel_tf.distill.parameter_space import ParameterSpace

__all__ = [
    "DecodedUpdate",
    "EncodedUpdate",
    "ParameterSpace",
    "UpdateCodec",
    "UpdateError",
    "original_update",
]
