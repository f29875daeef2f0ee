"""Updates of weights as bytes: small, checked, and never half applied."""

from accel_tf.distill.codec.errors import UpdateError
from accel_tf.distill.codec.header import UpdateHeader
from accel_tf.distill.codec.original import original_update
from accel_tf.distill.codec.results import DecodedUpdate, EncodedUpdate
from accel_tf.distill.codec.update_codec import UpdateCodec
from accel_tf.distill.codec.values import MOST_STEPS

__all__ = [
    "MOST_STEPS",
    "DecodedUpdate",
    "EncodedUpdate",
    "UpdateCodec",
    "UpdateError",
    "UpdateHeader",
    "original_update",
]
