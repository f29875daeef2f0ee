"""Any per-frame model with key frames, or steady, along the optical flow."""

from accel_tf.models.propagation import fused_propagated  # noqa: F401 (registers itself)
from accel_tf.models.propagation.dense_inverse_search import (
    DenseInverseSearch,
)
from accel_tf.models.propagation.propagate import (
    make_flow,
    propagate,
    smooth,
    split_flow,
    with_flow,
)
from accel_tf.models.propagation.propagated import Propagated
from accel_tf.models.propagation.smoothed import Smoothed

__all__ = [
    "DenseInverseSearch",
    "Propagated",
    "Smoothed",
    "make_flow",
    "propagate",
    "smooth",
    "split_flow",
    "with_flow",
]
