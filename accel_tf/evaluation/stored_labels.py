"""Labels of a folder in the place of a per-frame model."""

import hashlib
import pathlib

import numpy as np

from accel_tf.data.label_maps import (
    CAMVID_11,
    CITYSCAPES,
    IGNORE,
    LabelMap,
    default_label_map,
)
from accel_tf.files import natural_order, read_json
from accel_tf.models.per_frame import per_frame
from accel_tf.models.per_frame.holes import without_holes

PREFIX = "labels:"
"""`labels:DIR` stands for such a model on the command line."""


def stored_labels(folder, sequences, name=None):
    """A per-frame segmenter that knows its labels beforehand.

    For labels that somebody else's network has given, to see what carrying
    them along the flow makes of them. A frame is known by its pixels, so
    that the model may be asked for frames in any order, and for no others.

    Args:
        folder: of PNG images, 8 bits, one for each frame of the sequences
            in the order of their names, 2 before 10. `classes.json`, which
            `accel-tf segment --labels` writes beside them, says what their
            values mean; without it they are Cityscapes train ids (0 road ..
            18 bicycle, 255 none).
        sequences: iterable of dicts with `frames`, in the order of the
            names. Read once.
        name: of the segmenter.

    Returns:
        A `VideoSegmenter`. Pixels of no class take that of the nearest pixel
        that has one.

    Raises:
        FileNotFoundError: if there is no such folder, or no PNG in it.
        ValueError: if there are more or fewer images than frames, or an
            image is none of these or has another size than its frame.
    """
    files = sorted(pathlib.Path(folder).glob("*.png"), key=natural_order)
    if not files:
        raise FileNotFoundError(f"no folder of PNG label images: {folder}.")
    frames = [frame for each in sequences for frame in each["frames"]]
    if len(frames) != len(files):
        raise ValueError(
            f"{folder} has {len(files)} label images, the data "
            f"{len(frames)} frames."
        )
    label_map, table, none = folder_classes(pathlib.Path(folder))
    known = {}
    for path, frame in zip(files, frames, strict=True):
        image, frame = read_label_image(path), np.asarray(frame)
        if image.shape != frame.shape[:2]:
            raise ValueError(
                f"{path} has {image.shape[0]}x{image.shape[1]} pixels, its "
                f"frame {frame.shape[0]}x{frame.shape[1]}."
            )
        labels = table[image]
        unknown = (labels == IGNORE) & (image != IGNORE) & (image != none)
        if unknown.any():
            raise ValueError(
                f"{path} has the value {image[unknown][0]}, which is no class "
                f"of {folder}."
            )
        known[_digest(frame)] = without_holes(labels, path)

    def look_up(batch):
        if not batch.any():
            # `per_frame` looks at what the function gives for black images.
            return np.zeros(batch.shape[:3], np.uint8)
        try:
            return np.stack([known[_digest(frame)] for frame in batch])
        except KeyError:
            raise ValueError(
                f"{folder} has no labels for a frame that is not of the data."
            ) from None

    return per_frame(
        look_up,
        label_map=label_map,
        output_stride=1,
        name=name or pathlib.Path(folder).name,
    )


def read_label_image(path):
    """Values of a label image, uint8 `[height, width]`.

    Raises:
        ValueError: one line, if it is damaged, or has colours.
    """
    # TensorFlow comes with it, which not every evaluation needs.
    from accel_tf.datasets.image_files import read_label

    image = read_label(path)
    if image.ndim != 2:
        raise ValueError(f"{path} has colours; give labels of 8 bits a pixel.")
    return image


def folder_classes(folder):
    """`(label_map, table, none)`: what the values of label images mean.

    `classes.json` in the folder says it; without it they are Cityscapes train
    ids. `table` is uint8 `[256]`, the class of each value, 255 for none; `none`
    is a value besides 255 that stands for no class.
    """
    table = np.full(256, IGNORE, np.uint8)
    path = folder / "classes.json"
    if not path.is_file():
        table[: len(CITYSCAPES)] = np.arange(len(CITYSCAPES))
        return CITYSCAPES, table, IGNORE
    try:
        names = {int(k): v for k, v in read_json(path).items()}
    except (ValueError, AttributeError) as error:
        raise ValueError(
            f"{path} must hold an object of value: name of the class."
        ) from error
    none = [v for v, name in names.items() if name in ("ignore", "unlabeled")]
    for value in none:
        del names[value]
    table[list(names)] = np.arange(len(names))
    return _label_map(tuple(names.values())), table, (none or [IGNORE])[0]


def _label_map(names):
    for known in (CITYSCAPES, CAMVID_11):
        if names == known.names:
            return known
    return LabelMap(names, default_label_map(len(names)).colors)


def _digest(frame):
    return hashlib.blake2b(np.ascontiguousarray(frame)).digest()
