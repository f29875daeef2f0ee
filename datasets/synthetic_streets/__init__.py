"""Procedural street scenes as a TFDS data set; importing registers it."""

from accel_tf.datasets.synthetic_streets.synthetic_streets_dataset_builder import (  # noqa: E501
    SyntheticStreets,
    SyntheticStreetsConfig,
)

__all__ = ["SyntheticStreets", "SyntheticStreetsConfig"]
