"""Several data sets in one training, with the classes of the first."""

import numpy as np
import tensorflow as tf

from accel_tf.data.clips import class_frequencies, clip_dataset
from accel_tf.data.dataset_labels import label_map_of
from accel_tf.data.label_maps import IGNORE


def mixed_clip_dataset(builders, split, shares, *, batch_size, **options):
    """Clips of several data sets, drawn by their shares.

    Labels are those of the first data set's classes; classes of the others
    are found there by their names.

    Args:
        builders: TFDS builders, as in `clip_dataset`.
        split: name of the split of all of them.
        shares: numbers, one for each; sum to 1.
        batch_size: clips in a batch.
        **options: of `clip_dataset`.

    Returns:
        Dataset as that of `clip_dataset`.

    Raises:
        ValueError: as `clip_dataset`, or if classes have no common name.
    """
    options = {"seed": 0, "epoch": 0, **options}
    names = label_map_of(builders[0]).names
    parts = []
    for builder in builders:
        part = clip_dataset(builder, split, batch_size=1, **options).unbatch()
        table = tf.constant(_table(builder, names))
        parts.append(
            part.map(
                lambda clip, label, table=table: (
                    clip,
                    tf.gather(table, tf.cast(label, tf.int32)),
                )
            )
        )
    ends = tf.constant(np.cumsum(shares[:-1]), tf.float32)

    def choose(index):
        seed = (options["seed"], options["epoch"])
        seed = tf.random.fold_in(seed, tf.cast(index, tf.int32))
        draw = tf.random.stateless_uniform([], seed)
        return tf.reduce_sum(tf.cast(draw >= ends, tf.int64))

    choices = tf.data.Dataset.counter().map(choose)
    mixed = tf.data.Dataset.choose_from_datasets(
        parts, choices, stop_on_empty_dataset=False
    )
    mixed = mixed.batch(batch_size, drop_remainder=True).prefetch(2)
    data_options = tf.data.Options()
    data_options.deterministic = True
    return mixed.with_options(data_options)


def mixed_frequencies(builders, split, shares):
    """Share of every class among the labelled pixels of a mixture.

    Args:
        builders, split, shares: as in `mixed_clip_dataset`.

    Returns:
        float64 `[classes of the first]`.
    """
    names = label_map_of(builders[0]).names
    total = np.zeros(len(names))
    for builder, share in zip(builders, shares, strict=True):
        own = len(label_map_of(builder))
        counts = class_frequencies(builder, split, own)
        for index, target in enumerate(_table(builder, names)[:own]):
            if target != IGNORE:
                total[target] += share * counts[index]
    return total / total.sum()


def _table(builder, names):
    """Index in `names` of every label of a data set, uint8 `[256]`."""
    table = np.full(256, IGNORE, np.uint8)
    for index, name in enumerate(label_map_of(builder).names):
        if name in names:
            table[index] = names.index(name)
    if (table == IGNORE).all():
        raise ValueError(
            f"{builder.info.full_name} has none of the classes "
            f"{', '.join(names)}; it cannot be mixed in"
        )
    return table
