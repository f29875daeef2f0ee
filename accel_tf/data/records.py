"""Encoded sequences from a built data set, for training.

Images stay compressed until a pipeline knows which of them it needs.
"""

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

# Sequences of large frames are tens of megabytes even when compressed.
SHUFFLE_BYTES = 256 * 2**20


def encoded_sequences(
    builder, split, *, seed=0, epoch=0, shards=1, shard=0, with_flow=False
):
    """Shuffled sequences, over and over, each with a seed of its own.

    Two calls with equal arguments give the same sequences in the same order;
    every epoch has another order. A run that is resumed therefore needs
    nothing but the number of its epoch.

    Args:
        builder: TFDS builder that is built, of one of the library's data
            sets.
        split: name of a split.
        seed, epoch: non-negative ints.
        shards, shard: reads only one part of several, for workers that
            train together.
        with_flow: whether `flows` are wanted.

    Returns:
        Endless dataset of `(sequence, seed)`: the builder's features with
        `frames` and `labels` as encoded bytes `[T]`, and an int64 `[2]`.

    Raises:
        ValueError: if there is no such split, or it has fewer sequences
            than shards.
    """
    info = split_info(builder, split)
    if info.num_examples < max(shards, 1):
        raise ValueError(
            f"{builder.info.full_name} has {info.num_examples} sequences in "
            f"{split!r}, too few for {shards} workers"
        )
    entropy = np.random.SeedSequence([seed, epoch]).generate_state(1)
    # TFDS and tf.data want a signed number; zero would mean none.
    epoch_seed = int(entropy[0] % (2**31 - 1)) + 1
    by_file = shards > 1 and info.num_shards >= shards
    skip = tfds.decode.SkipDecoding()
    decoders = {"frames": skip, "labels": skip}
    if "flows" in builder.info.features and not with_flow:
        decoders["flows"] = skip
    dataset = builder.as_dataset(
        split=split,
        shuffle_files=True,
        decoders=decoders,
        read_config=tfds.ReadConfig(
            shuffle_seed=epoch_seed,
            shuffle_reshuffle_each_iteration=True,
            try_autocache=False,
            input_context=tf.distribute.InputContext(shards, shard)
            if by_file
            else None,
        ),
    )
    if shards > 1 and not by_file:
        dataset = dataset.shard(shards, shard)
    mean_bytes = max(1, info.num_bytes // info.num_examples)
    buffer = max(1, min(SHUFFLE_BYTES // mean_bytes, info.num_examples))
    dataset = dataset.shuffle(buffer, seed=epoch_seed).repeat()
    # Workers that train together draw differently.
    return dataset.enumerate(shard * 2**40).map(
        lambda index, sequence: (sequence, tf.stack([epoch_seed, index]))
    )


def split_info(builder, split):
    """TFDS' facts about a split.

    Raises:
        ValueError: if the data set has no such split, or it is empty.
    """
    splits = builder.info.splits
    if split not in splits:
        raise ValueError(
            f"{builder.info.full_name} has no split {split!r}; it has "
            f"{', '.join(sorted(splits)) or 'none'}"
        )
    if not splits[split].num_examples:
        raise ValueError(f"{builder.info.full_name}: {split!r} is empty")
    return splits[split]


def decode_frames(encoded):
    """Decodes RGB images of one size: strings `[T]` to uint8 `[T, H, W, 3]`."""
    return tf.map_fn(
        lambda data: tf.io.decode_image(
            data, channels=3, expand_animations=False
        ),
        encoded,
        fn_output_signature=tf.TensorSpec((None, None, 3), tf.uint8),
    )


def decode_labels(encoded):
    """Decodes one label map: a string to uint8 `[H, W]`."""
    return tf.io.decode_png(encoded, channels=1)[..., 0]


def frame_size(builder, split):
    """`(height, width)` in pixels of the first frame of a split."""
    dataset = builder.as_dataset(
        split=split,
        decoders={
            name: tfds.decode.SkipDecoding()
            for name in ("frames", "labels", "flows")
            if name in builder.info.features
        },
        read_config=tfds.ReadConfig(try_autocache=False),
    )
    for sequence in dataset.take(1):
        frame = tf.io.decode_image(sequence["frames"][0])
        return tuple(frame.shape[:2])
