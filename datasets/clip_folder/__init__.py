"""Videos in a folder for each class; importing registers the builder."""

from accel_tf.datasets.clip_folder.clip_folder_dataset_builder import (
    ClipFolder,
    ClipFolderConfig,
)

__all__ = ["ClipFolder", "ClipFolderConfig"]
