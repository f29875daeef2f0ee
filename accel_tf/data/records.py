"""Encoded sequences from a built data set, for training.

Images stay compressed until a pipeline knows which of them it needs.
"""

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from accel_tf.data.damage import naming_damage
from accel_tf.data.sequences import read_sequences

# Sequences of large frames are tens of megabytes even when compressed.
SHUFFLE_BYTES = 256 * 2**20


def encoded_sequences(
    builder,
    split,
    *,
    seed=0,
    epoch=0,
    shards=1,
    shard=0,
    with_flow=False,
    usable=None,
):
    """Shuffled sequences, over and over, each with a seed of its own.

    Equal arguments give the same sequences in the same order, whatever
    `tf.random.set_seed` was given and however often the dataset is iterated;
    every epoch, and every pass through the split within it, has another
    order. A run that is resumed therefore needs nothing but the number of
    its epoch.

    Args:
        builder: TFDS builder that is built, of one of the library's data
            sets.
        split: name of a split, or a slice of one such as "train[:80%]".
        seed, epoch: non-negative ints.
        shards, shard: reads only one part of several, for workers that
            train together.
        with_flow: whether `flows` are wanted.
        usable: tells from an encoded sequence whether it is wanted, as a
            boolean tensor; by default all are.

    Returns:
        Endless dataset of `(sequence, seed)`: the builder's features with
        `frames` and `labels` as encoded bytes `[T]` and without `flows`
        unless they are wanted; and an int64 `[2]`.

    Raises:
        ValueError: if there is no such split, or it has fewer sequences
            than shards, or no such shard.
        tf.errors.FailedPreconditionError: when it is iterated, if no
            sequence of the shard is usable.
    """
    split_info(builder, split)
    return shuffled_examples(
        builder,
        split,
        _skip(builder, with_flow),
        seed=seed,
        epoch=epoch,
        shards=shards,
        shard=shard,
        prepare=None if with_flow else _without_flow,
        usable=usable,
    )


def shuffled_examples(
    builder,
    split,
    decoders,
    *,
    seed=0,
    epoch=0,
    shards=1,
    shard=0,
    prepare=None,
    usable=None,
    noun="sequences",
):
    """What `encoded_sequences` does, for examples of any features.

    Args:
        builder: TFDS builder that is built.
        split: name of a split that it has, or a slice of one.
        decoders: as of `builder.as_dataset`.
        seed, epoch, shards, shard, usable: as of `encoded_sequences`.
        prepare: called with each example, before `usable`.
        noun: what messages call examples.

    Returns:
        Endless dataset of `(example, seed)`; the seed is an int64 `[2]`.

    Raises:
        ValueError, tf.errors.FailedPreconditionError: as
            `encoded_sequences`.
    """
    info = builder.info.splits[split]
    by_file = _is_shared_by_file(builder, split, shards, shard, noun)
    entropy = np.random.SeedSequence([seed, epoch]).generate_state(1)
    # TFDS and tf.data want a signed number; zero would mean none.
    epoch_seed = int(entropy[0] % (2**31 - 1)) + 1
    config = _read_config(
        shuffle_seed=epoch_seed,
        shuffle_reshuffle_each_iteration=True,
        input_context=tf.distribute.InputContext(shards, shard)
        if by_file
        else None,
    )

    @tf.autograph.experimental.do_not_convert
    def passes(_):
        # Of the graph of this function, not of the program: tf.data mixes
        # this seed into all others.
        tf.random.set_seed(epoch_seed)
        dataset = builder.as_dataset(
            split=split,
            shuffle_files=True,
            decoders=decoders,
            read_config=config,
        )
        if prepare is not None:
            dataset = dataset.map(prepare)
        if usable is not None:
            dataset = dataset.filter(usable)
        if shards > 1 and not by_file:
            dataset = dataset.shard(shards, shard)
        buffer = _buffer_size(builder, info.num_examples)
        return dataset.shuffle(buffer, seed=epoch_seed).repeat()

    # Made anew for every iterator; else a second one would go on with the
    # order of the first, and Keras takes a first one only to look at.
    dataset = tf.data.Dataset.from_tensors(0).flat_map(passes)
    dataset = dataset.apply(
        tf.data.experimental.assert_cardinality(
            tf.data.experimental.INFINITE_CARDINALITY
        )
    )
    # Workers that train together draw differently.
    return dataset.enumerate(shard * 2**40).map(
        lambda index, sequence: (sequence, tf.stack([epoch_seed, index]))
    )


def _is_shared_by_file(builder, split, shards, shard, noun):
    """Whether each of several workers has files of its own."""
    info = builder.info.splits[split]
    if not 0 <= shard < shards:
        raise ValueError(
            f"shard must be from 0 to shards - 1, not {shard} of {shards}"
        )
    if info.num_examples < shards:
        raise ValueError(
            f"{builder.info.full_name} has {info.num_examples} {noun} in "
            f"{split!r}, too few for {shards} workers"
        )
    return shards > 1 and info.num_shards >= shards


def split_info(builder, split):
    """TFDS' facts about a split, or a slice of one.

    Raises:
        ValueError: if the data set has no such split, or it is empty, or
            has no sequences.
    """
    read_sequences(builder, split)
    return builder.info.splits[split]


def decode_frames(encoded):
    """Decodes RGB images of one size: strings `[T]` to uint8 `[T, H, W, 3]`.

    An image that is there several times is decoded once.
    """
    different, where = tf.unique(encoded)
    frames = tf.map_fn(
        lambda data: tf.io.decode_image(
            data, channels=3, expand_animations=False
        ),
        different,
        fn_output_signature=tf.TensorSpec((None, None, 3), tf.uint8),
    )
    return tf.gather(frames, where)


def decode_labels(encoded):
    """Decodes one label map: a string to uint8 `[H, W]`."""
    return tf.io.decode_png(encoded, channels=1)[..., 0]


def frame_size(builder, split, usable=None):
    """Size of the first frame of a split.

    Args:
        builder, split: as in `encoded_sequences`.
        usable: as there; the first sequence for which it holds is looked at.

    Returns:
        `(height, width)` in pixels; `None` if there is no such sequence.
    """
    dataset = builder.as_dataset(
        split=split,
        decoders=_skip(builder, with_flow=False),
        read_config=_read_config(),
    )
    if usable is not None:
        dataset = dataset.filter(usable)
    with naming_damage(builder):
        for sequence in dataset.take(1):
            frame = tf.io.decode_image(sequence["frames"][0])
            return tuple(frame.shape[:2])
    return None


def label_counts(builder, split):
    """Counts the pixels of every label, 255 too: int64 `[256]`."""
    split_info(builder, split)
    dataset = builder.as_dataset(
        split=split,
        decoders=tfds.decode.PartialDecoding({"labels": True}),
        read_config=_read_config(),
    )
    counts = np.zeros(256, "int64")
    with naming_damage(builder):
        for sequence in dataset:
            labels = sequence["labels"].numpy()
            counts += np.bincount(labels.ravel(), minlength=256)
    return counts


def _without_flow(sequence):
    return {name: sequence[name] for name in sequence if name != "flows"}


def _skip(builder, with_flow):
    names = {"frames", "labels"} | (set() if with_flow else {"flows"})
    return {
        name: tfds.decode.SkipDecoding()
        for name in names & set(builder.info.features)
    }


def _read_config(**options):
    # Sequences are large: none is kept, and files are read one after the
    # other, as TFDS would read some sequences of each of 16 ahead.
    return tfds.ReadConfig(
        try_autocache=False,
        skip_prefetch=True,
        interleave_cycle_length=1,
        **options,
    )


def _buffer_size(builder, num_examples):
    # Of a slice, TFDS does not know the bytes.
    splits = builder.info.splits.values()
    total = sum(split.num_examples for split in splits)
    mean_bytes = max(1, sum(split.num_bytes for split in splits) // total)
    return max(1, min(SHUFFLE_BYTES // mean_bytes, num_examples))
