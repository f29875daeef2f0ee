"""Losses for training."""

from accel_tf.training.losses import EndPointError

__all__ = ["EndPointError"]
