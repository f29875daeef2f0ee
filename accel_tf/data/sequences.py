"""Sequences of a prepared data set, whose images are decoded when asked for."""

import operator

import tensorflow as tf
import tensorflow_datasets as tfds

from accel_tf.data.damage import naming_damage


def read_sequences(builder, split, limit=None):
    """The sequences of one split, always in the same order.

    Evaluation looks at few of the frames of a sequence, so an image is
    decoded when it is indexed, each time anew, and nothing is kept.

    Args:
        builder: a `tfds` builder with the features of
            `accel_tf.datasets.sequence_features`, already prepared.
        split: e.g. `"validation"`; slices as in TFDS, such as
            `"validation[:10]"`, are understood.
        limit: only the first so many sequences; `None` for all.

    Returns:
        `Sequences`: has a length, and can be iterated again and again.

    Raises:
        ValueError: if there is no such split, `limit` is below 1, or the
            data set does not consist of sequences.
    """
    features = builder.info.features
    if not {"frames", "labels", "label_positions"} <= set(features):
        raise ValueError(
            f"{builder.info.full_name} holds no labelled sequences; its "
            f"features are {', '.join(features)}."
        )
    try:
        count = builder.info.splits[split].num_examples
    except (KeyError, ValueError) as error:
        names = ", ".join(builder.info.splits) or "none"
        raise ValueError(
            f"{builder.info.full_name} has no split {split!r}; its splits "
            f"are: {names}."
        ) from error
    if not count:
        raise ValueError(f"{split} of {builder.info.full_name} is empty.")
    if limit is not None and limit < 1:
        raise ValueError(f"limit must be 1 or more sequences, got {limit}.")
    return Sequences(builder, split, count if limit is None else limit)


def frame_size(builder, split):
    """`(height, width)` of the first frame of a split.

    Args:
        builder, split: as for `read_sequences`.

    Raises:
        ValueError: as `read_sequences`.
    """
    first = next(iter(read_sequences(builder, split, limit=1)))
    return first["frames"][0].shape[:2]


class Sequences:
    """The sequences of a split; made by `read_sequences`.

    Iterating gives dicts: `frames` and `labels` (both have a length and give
    uint8 `[H, W, 3]` and `[H, W, 1]` when indexed), `label_positions` and
    `frame_numbers` (numpy), `sequence_id` (str) and, where the data set has
    them, `flows` (numpy float32 `[T, H, W, 2]`).

    Attributes:
        class_names: tuple of str, in the order of the class index.
    """

    def __init__(self, builder, split, limit):
        self._builder, self._split = builder, split
        self._count = min(limit, builder.info.splits[split].num_examples)
        names = builder.info.features["labels"].feature.names
        self.class_names = tuple(names)

    def __len__(self):
        return self._count

    def __iter__(self):
        skip = tfds.decode.SkipDecoding()
        dataset = self._builder.as_dataset(
            split=self._split,
            decoders={"frames": skip, "labels": skip},
            # Sequences of video are large: none is kept, none read far
            # ahead, and the files one after the other.
            read_config=tfds.ReadConfig(
                try_autocache=False,
                skip_prefetch=True,
                interleave_cycle_length=1,
            ),
        )
        with naming_damage(self._builder):
            for example in dataset.take(self._count):
                yield _sequence(example)


def _sequence(example):
    sequence = {name: value.numpy() for name, value in example.items()}
    name = sequence["sequence_id"].decode()
    sequence["sequence_id"] = name
    for images, channels in (("frames", 3), ("labels", 1)):
        sequence[images] = EncodedImages(
            sequence[images], channels, f"{images} of {name}"
        )
    return sequence


class EncodedImages:
    """Images that are decoded one by one when they are indexed.

    Args:
        encoded: PNG or JPEG files, as `bytes`.
        channels: of a decoded image: 3 is RGB, 1 a label map.
        name: of the images, for messages.
    """

    def __init__(self, encoded, channels, name):
        self._encoded = encoded
        self._channels = channels
        self._name = name

    def __len__(self):
        return len(self._encoded)

    def __getitem__(self, index):
        """uint8 `[H, W, channels]`; ValueError if the image is damaged."""
        encoded = self._encoded[operator.index(index)]
        try:
            return tf.io.decode_image(
                encoded, self._channels, expand_animations=False
            ).numpy()
        except tf.errors.InvalidArgumentError as error:
            raise ValueError(
                f"image {index} of the {self._name} cannot be decoded."
            ) from error
