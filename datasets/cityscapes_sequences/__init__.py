"""Cityscapes as video sequences, a TFDS data set; importing registers it."""

from accel_tf.datasets.cityscapes_sequences.cityscapes_sequences_dataset_builder import (  # noqa: E501
    CityscapesSequences,
    CityscapesSequencesConfig,
)

__all__ = ["CityscapesSequences", "CityscapesSequencesConfig"]
