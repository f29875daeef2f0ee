"""Reading and writing of weights."""

from accel_tf.checkpoints.entries import CheckpointEntry
from accel_tf.checkpoints.load import CheckpointReport, load_checkpoint

__all__ = ["CheckpointEntry", "CheckpointReport", "load_checkpoint"]
