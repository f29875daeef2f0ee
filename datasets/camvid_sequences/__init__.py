"""CamVid as video sequences, a TFDS data set; importing registers it."""

from accel_tf.datasets.camvid_sequences.camvid_sequences_dataset_builder import (  # noqa: E501
    CamvidSequences,
    CamvidSequencesConfig,
)

__all__ = ["CamvidSequences", "CamvidSequencesConfig"]
