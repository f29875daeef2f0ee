"""Clips of a built data set, one frame at a time."""

import collections.abc
import dataclasses

import numpy as np

from accel_tf.data.builders import prepared_builder
from accel_tf.data.dataset_labels import label_map_of
from accel_tf.data.label_maps import IGNORE, LabelMap
from accel_tf.data.sequences import read_sequences

UNKNOWN = -1
"""Class index of pixels whose value is not in the list of classes."""


@dataclasses.dataclass(frozen=True)
class Label:
    """A label image.

    Attributes:
        classes: int16 `[height, width]`, 255 where ignored, `UNKNOWN` where
            the list of classes does not have the value.
        strange: the values or colours that it does not have.
    """

    classes: np.ndarray
    strange: tuple[int | tuple[int, ...], ...] = ()


@dataclasses.dataclass(frozen=True)
class Clip:
    """Frames that belong together, decoded when they are asked for.

    Attributes:
        name: of the clip.
        frames: uint8 RGB `[height, width, 3]` by index; ValueError for one
            that does not decode. They are asked for from first to last.
        frame_names: what messages call the frames.
        labels: function that reads the `Label` of a frame, by its index, for
            the frames that have one; ValueError as for `frames`.
        flows: float32 `[T, height, width, 2]`, or `None`.
    """

    name: str
    frames: collections.abc.Sequence
    frame_names: tuple[str, ...]
    labels: dict[int, collections.abc.Callable[[], Label]]
    flows: np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class Source:
    """A data set.

    Attributes:
        name: of it.
        label_map: `LabelMap` of its classes.
        splits: the clips of every split by its name: each has a length and
            gives `Clip`s.
        skipped: what was left out when it was built, a text each.
    """

    name: str
    label_map: LabelMap
    splits: dict[str, collections.abc.Collection]
    skipped: tuple[str, ...] = ()


def built_source(name, data_dir=None, split=None, limit=None):
    """A data set that was built.

    Args:
        name: "builder" or "builder/configuration".
        data_dir: folder of all data sets, as in
            `accel_tf.data.builders.make_builder`.
        split: only this one, such as "train" or "train[:10%]".
        limit: only the first so many clips of a split.

    Returns:
        A `Source`.

    Raises:
        FileNotFoundError: The data set has not been built.
        ValueError: There is no such data set or split.
    """
    builder = prepared_builder(name, data_dir)
    label_map = label_map_of(builder)
    stored = builder.info.splits
    names = [split] if split else [x for x in stored if stored[x].num_examples]
    splits = {
        name: _BuiltClips(read_sequences(builder, name, limit), len(label_map))
        for name in names
    }
    skipped = tuple((builder.info.metadata or {}).get("skipped", ()))
    return Source(builder.info.full_name, label_map, splits, skipped)


class _BuiltClips:
    def __init__(self, sequences, num_classes):
        self._sequences = sequences
        self._num_classes = num_classes

    def __len__(self):
        return len(self._sequences)

    def __iter__(self):
        for sequence in self._sequences:
            yield Clip(
                name=sequence["sequence_id"],
                frames=sequence["frames"],
                frame_names=tuple(map(str, sequence["frame_numbers"])),
                labels={
                    position: self._reader(sequence["labels"], index)
                    for index, position in enumerate(
                        sequence["label_positions"].tolist()
                    )
                },
                flows=sequence.get("flows"),
            )

    def _reader(self, labels, index):
        def read():
            classes = labels[index][..., 0].astype(np.int16)
            unknown = (classes >= self._num_classes) & (classes != IGNORE)
            strange = tuple(np.unique(classes[unknown]).tolist())
            classes[unknown] = UNKNOWN
            return Label(classes, strange)

        return read
