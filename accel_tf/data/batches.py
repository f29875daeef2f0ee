"""What the pipelines of clips and of pairs share."""

import dataclasses

import tensorflow as tf

from accel_tf.data.augmentation import change_color, random_transforms
from accel_tf.data.cameras import change_camera
from accel_tf.data.records import encoded_sequences, frame_size, split_info
from accel_tf.data.transforms import (
    cut,
    transform_flow,
    transform_frames,
    transform_labels,
)


def checked_size(builder, split, augmentation, usable, wanted):
    """The size of the result, if the first frame allows it.

    Args:
        builder, split: as in `encoded_sequences`.
        augmentation: `Augmentation`.
        usable: tells from a sequence whether it is wanted; `None` for all.
        wanted: what a usable sequence has, for the message.

    Returns:
        `(height, width)`.

    Raises:
        ValueError: if the split is missing or empty, no sequence is usable,
            or the crop is larger than the first frame.
    """
    split_info(builder, split)
    size = frame_size(builder, split, usable)
    if size is None:
        raise ValueError(
            f"{builder.info.full_name}: no sequence of {split!r} has {wanted}"
        )
    crop = augmentation.crop or size
    larger = crop[0] > size[0] or crop[1] > size[1]
    if larger and not augmentation.resamples:
        raise ValueError(
            f"a crop of {crop[0]}x{crop[1]} does not fit into frames of "
            f"{size[0]}x{size[1]}; make it smaller or set scale"
        )
    return tuple(crop)


def batches(builder, split, make, batch_size, order, usable, with_flow=False):
    """Endless batches in a fixed order.

    Args:
        builder, split, usable, with_flow: as in `encoded_sequences`.
        make: called with an encoded sequence and its seed, int64 `[2]`;
            gives an example. Decides with `tf.cond`, not with `if`.
        batch_size: examples in a batch, over all devices and workers.
        order: dict of seed, epoch, shards and shard of `encoded_sequences`.

    Returns:
        Dataset of what `make` gives, batched.

    Raises:
        ValueError: if `batch_size` or the order is out of range.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be 1 or more, not {batch_size}")
    sequences = encoded_sequences(
        builder, split, with_flow=with_flow, usable=usable, **order
    )
    # AutoGraph would find nothing to do, and take its time for it.
    make = tf.autograph.experimental.do_not_convert(make)
    dataset = sequences.map(make, num_parallel_calls=tf.data.AUTOTUNE)
    dataset = dataset.batch(batch_size, drop_remainder=True)
    options = tf.data.Options()
    options.deterministic = True
    # Workers read different parts already.
    options.experimental_distribute.auto_shard_policy = (
        tf.data.experimental.AutoShardPolicy.OFF
    )
    return dataset.with_options(options).prefetch(2)


def draw(seed, count):
    """Whole numbers from 0, large enough for a remainder: int32 `[count]`."""
    return tf.random.stateless_uniform([count], seed, 0, 2**30, dtype=tf.int32)


def augment(frames, label, flow, augmentation, size, seed):
    """Transforms frames at random, and what belongs to them alike.

    Args:
        frames: uint8 `[T, H, W, 3]`.
        label: uint8 `[H, W]`, of the last frame; or `None`.
        flow: float32 `[H, W, 2]`, from the last frame to the first of two;
            or `None`.
        augmentation: `Augmentation`.
        size: `(height, width)` of the result, from `checked_size`.
        seed: int64 `[2]`.

    Returns:
        `(frames, label, flow)` of that size.
    """
    length = frames.shape[0]
    with tf.control_dependencies([_assert_fit(frames, augmentation, size)]):
        height, width = tf.unstack(tf.shape(frames)[1:3])
    transforms, size = random_transforms(
        dataclasses.replace(augmentation, crop=size),
        length,
        (height, width),
        seed + 1,
    )
    if augmentation.resamples:
        frames = transform_frames(frames, transforms, size)
        if label is not None:
            label = transform_labels(label, transforms[-1], size)
    else:
        frames = cut(frames, transforms[-1], size)
        if label is not None:
            label = cut(label[..., None], transforms[-1], size)[..., 0]
    if flow is not None:
        flow = transform_flow(flow, transforms, size)
        flow.set_shape((*size, 2))
    if augmentation.color:
        frames = change_color(frames, augmentation.color, seed + 2)
    if augmentation.camera:
        frames = change_camera(frames, augmentation.camera, seed + 3)
    frames.set_shape((length, *size, 3))
    if label is not None:
        label.set_shape(size)
    return frames, label, flow


def _assert_fit(frames, augmentation, size):
    shape, wanted = tf.shape(frames)[1:3], f"{size[0]}x{size[1]}"
    if augmentation.crop is None:
        text = f"frames must all be {wanted}, as the first is; or set a crop"
        return tf.debugging.assert_equal(shape, size, text)
    if augmentation.resamples:
        return tf.no_op()
    text = f"a crop of {wanted} does not fit into all frames; or set scale"
    return tf.debugging.assert_greater_equal(shape, size, text)
