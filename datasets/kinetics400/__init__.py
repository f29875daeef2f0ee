"""Kinetics-400 from its lists; importing registers the builder."""

from accel_tf.datasets.kinetics400.kinetics400_dataset_builder import (
    Kinetics400,
    Kinetics400Config,
)

__all__ = ["Kinetics400", "Kinetics400Config"]
