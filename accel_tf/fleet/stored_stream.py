"""Labels that are there already, in the place of a model."""

import pathlib

import numpy as np

from accel_tf.data.label_maps import IGNORE
from accel_tf.evaluation.stored_labels import read_label_image
from accel_tf.files import read_json


class StoredStream:
    """Is called like a `VideoStream` and gives the labels of a folder.

    Args:
        folder: path of label images, as `LabelWriter` writes them of frames
            without names.
        label_map: the `LabelMap` of the labels.
    """

    labels_any_size = True
    is_key = True

    def __init__(self, folder, label_map):
        self._folder = pathlib.Path(folder)
        self._classes = np.full(256, IGNORE, np.uint8)
        names = read_json(self._folder / "classes.json")
        for value, name in names.items():
            if name in label_map.names:
                self._classes[int(value)] = label_map.names.index(name)
        self.reset_state()

    def reset_state(self):
        """Begins with the first frame."""
        self._number = 0

    def __call__(self, frame, size):
        """Labels of the next frame, uint8 `[1, height, width]`.

        Args:
            frame: is not looked at.
            size: `(height, width)` of the labels.
        """
        path = self._folder / f"{self._number:06d}.png"
        self._number += 1
        labels = self._classes[read_label_image(path)]
        if labels.shape != tuple(size):
            raise ValueError(
                f"{path} has {labels.shape[0]}x{labels.shape[1]} pixels, its "
                f"frame {size[0]}x{size[1]}."
            )
        return labels[None]
