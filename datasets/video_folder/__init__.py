"""A folder of one's own clips as a TFDS data set; importing registers it."""

from accel_tf.datasets.video_folder.video_folder_dataset_builder import (
    VideoFolder,
    VideoFolderConfig,
)

__all__ = ["VideoFolder", "VideoFolderConfig"]
