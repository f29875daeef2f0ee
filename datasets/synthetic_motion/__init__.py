"""Drawn clips that no single frame tells; importing registers them."""

from accel_tf.datasets.synthetic_motion.synthetic_motion_dataset_builder import (  # noqa: E501
    SyntheticMotion,
    SyntheticMotionConfig,
)

__all__ = ["SyntheticMotion", "SyntheticMotionConfig"]
