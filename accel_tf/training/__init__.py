"""Losses and wrappers for training."""

from accel_tf.training.losses import EndPointError
from accel_tf.training.pairwise_flow import PairwiseFlow

__all__ = ["EndPointError", "PairwiseFlow"]
