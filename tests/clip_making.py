"""Small videos, folders of frames and built data sets of clips."""

import numpy as np
import tensorflow as tf
from video_making import flat, make

from accel_tf.data.builders import make_builder

FRAME_RATE = 10


def write_video(path, frames=6, height=32, width=48, start=0):
    """A video of which `video_making.shown` tells each frame's index."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pictures = [flat(start + index, height, width) for index in range(frames)]
    return make(path, pictures, rate=FRAME_RATE)


def write_frames(folder, frames=6, height=32, width=48, name="{}.png"):
    """The same as images in a folder, numbered from 1 without zeros."""
    folder.mkdir(parents=True)
    for index in range(frames):
        image = tf.io.encode_png(flat(index, height, width)).numpy()
        (folder / name.format(index + 1)).write_bytes(image)
    return folder


def build(name, data_dir, manual_dir=None, **options):
    """A built data set."""
    import tensorflow_datasets as tfds

    builder = make_builder(name, data_dir, **options)
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(
            manual_dir=manual_dir, try_download_gcs=False
        )
    )
    return builder


def shown_in(clip):
    """The indices of the frames of a clip."""
    return [round((float(frame.mean()) - 8) / 8) for frame in np.asarray(clip)]
