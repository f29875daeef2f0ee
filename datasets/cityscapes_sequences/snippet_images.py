"""Frames and label maps of a snippet as the data set stores them."""

import numpy as np
import tensorflow as tf

from accel_tf.data.label_maps import CITYSCAPES, IGNORE
from accel_tf.datasets import image_files
from accel_tf.datasets.cityscapes_sequences.png_files import check_png

_TRAIN_IDS = np.arange(len(CITYSCAPES), dtype=np.uint8)


def _table(ids):
    table = np.full(256, IGNORE, np.uint8)
    table[ids] = _TRAIN_IDS
    return table


_FROM_LABEL_IDS = _table(CITYSCAPES.cityscapes_ids())
_FROM_TRAIN_IDS = _table(_TRAIN_IDS)


def read_frame(path, half_size):
    """A frame as the content of a PNG file.

    Args:
        path: `pathlib.Path` of the frame.
        half_size: whether to average blocks of 2x2 pixels; otherwise the
            bytes are those of the file.

    Raises:
        ValueError: The file is damaged; the message names it.
    """
    data = path.read_bytes()
    try:
        check_png(data)
    except ValueError as error:
        raise ValueError(f"{path} {error}") from error
    if not half_size:
        return data
    # TFDS may run inside a graph; the pixels are needed here and now.
    with tf.init_scope():
        try:
            image = tf.io.decode_png(data, channels=3).numpy()
        except tf.errors.InvalidArgumentError as error:
            raise ValueError(f"{path} does not decode as an image") from error
    return _encode(halve_frame(image))


def read_labels(path, holds_train_ids, half_size):
    """A label map of train ids as the content of a PNG file.

    Args:
        path: `pathlib.Path` of the label map.
        holds_train_ids: whether it holds train ids rather than label ids.
        half_size: whether to keep one of 2x2 pixels only.

    Raises:
        ValueError: The file is damaged or is no label map; the message names
            it.
    """
    labels = image_files.read_label(path)
    if labels.ndim != 2:
        raise ValueError(f"{path} holds colours, not ids")
    labels = (_FROM_TRAIN_IDS if holds_train_ids else _FROM_LABEL_IDS)[labels]
    if half_size:
        labels = labels[::2, ::2]
    return _encode(labels[..., None])


def halve_frame(image):
    """The mean of each block of 2x2 pixels, uint8 [H / 2, W / 2, channels]."""
    height, width, channels = image.shape
    blocks = image.reshape(height // 2, 2, width // 2, 2, channels)
    return ((blocks.sum((1, 3), dtype=np.uint16) + 2) // 4).astype(np.uint8)


def _encode(image):
    with tf.init_scope():
        return tf.io.encode_png(image, compression=6).numpy()
