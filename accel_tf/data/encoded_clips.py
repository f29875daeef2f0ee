"""Frames of encoded clips, of data sets with `clip_features`."""

import io

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from accel_tf.data.records import decode_frames
from accel_tf.messages import note

ENCODED = {"frames": tfds.decode.SkipDecoding()}
"""Decoders of `as_dataset` that leave the frames encoded."""


def check_clips(builder, split):
    """The number of clips of a split.

    Args:
        builder: TFDS builder that is built.
        split: name of a split, or a slice of one such as "train[:80%]".

    Raises:
        ValueError: if the data set has no clips with a class, or there is no
            such split, or it is empty.
    """
    name, features = builder.info.full_name, builder.info.features
    if not {"frames", "video", "label", "frame_count"} <= set(features or ()):
        raise ValueError(
            f"{name} holds no clips with a class each; its features are "
            f"{', '.join(features or ()) or 'unknown: it is not built'}"
        )
    try:
        count = builder.info.splits[split].num_examples
    except (KeyError, ValueError) as error:
        names = ", ".join(builder.info.splits) or "none"
        raise ValueError(
            f"{name} has no split {split!r}; its splits are: {names}"
        ) from error
    if not count:
        raise ValueError(f"{split} of {name} is empty")
    return count


def decode_clip(example, indices):
    """Some frames of a clip, in a graph.

    Args:
        example: of `clip_features`, with encoded frames.
        indices: int `[T]`, from 0; one may occur several times.

    Returns:
        uint8 `[T, H, W, 3]`, RGB.

    Raises:
        tf.errors.OpError: when it runs, if a frame does not decode.
    """

    def of_video():
        return tf.numpy_function(
            _of_video,
            [example["video"], indices, example["clip_id"]],
            tf.uint8,
        )

    clip = tf.cond(
        tf.size(example["frames"]) > 0,
        lambda: decode_frames(tf.gather(example["frames"], indices)),
        of_video,
    )
    clip.set_shape((indices.shape[0], None, None, 3))
    return clip


def decode_video(data, indices, name="the video"):
    """Some frames of a video file.

    All frames up to the last one are decoded.

    Args:
        data: bytes of the file.
        indices: whole numbers from 0; one may occur several times.
        name: what messages call it.

    Returns:
        uint8 `[len(indices), H, W, 3]`, RGB and upright.

    Raises:
        ValueError: if it does not decode, or has fewer frames.
        ImportError: if PyAV is missing.
    """
    from accel_tf.video.file_reader import FileReader

    indices = [int(index) for index in indices]
    wanted, found = set(indices), {}
    last = max(wanted)
    video = FileReader(
        io.BytesIO(data), name, frame_rate=None, strict=True, on_note=note
    )
    for number, frame in enumerate(video.frames()):
        if number in wanted:
            found[number] = frame.image
        if number == last:
            return np.stack([found[index] for index in indices])
    raise ValueError(f"{name} has no frame {last}: it ends before")


def _of_video(data, indices, clip_id):
    return decode_video(data, indices, clip_id.decode())
