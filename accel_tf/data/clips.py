"""From built data sets to training batches, as `tf.data` pipelines.

Every pipeline is endless and depends on nothing but its arguments: the same
seed and epoch give the same batches. Only the frames that are used are
decoded.
"""

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from accel_tf.data.augmentation import (
    Augmentation,
    change_color,
    cut,
    random_transforms,
    transform_flow,
    transform_frames,
    transform_labels,
)
from accel_tf.data.records import (
    decode_frames,
    decode_labels,
    encoded_sequences,
    frame_size,
    split_info,
)


def clip_dataset(
    builder,
    split,
    *,
    length,
    batch_size,
    spacing=1,
    augmentation=None,
    **order,
):
    """Random clips that end at a labelled frame.

    The first frame of a clip is its key frame, `(length - 1) * spacing`
    frames before the last. Where a sequence does not reach back that far,
    its oldest frame stands in for the missing ones, as the original
    substitutes the current image (`dff_deeplab/core/rpn.py`).

    Args:
        builder: TFDS builder of one of the library's data sets, built.
        split: name of the split.
        length: frames in a clip.
        batch_size: clips in a batch, over all devices and workers.
        spacing: frames from one frame of the clip to the next; an int, or
            `(least, most)` to draw from, for a key distance that varies.
        augmentation: `Augmentation`; `None` for none at all.
        **order: seed, epoch, shards and shard of `encoded_sequences`.

    Returns:
        Dataset of `(clip, label)`: uint8 `[B, length, h, w, 3]`, RGB, oldest
        frame first, and uint8 `[B, h, w]`, 255 where ignored.

    Raises:
        ValueError: if the split is missing or empty, the crop is larger than
            the frames, or a number is out of range.
    """
    augmentation = augmentation or Augmentation(flip=False)
    least, most = (spacing, spacing) if isinstance(spacing, int) else spacing
    if length < 1 or not 0 <= least <= most:
        raise ValueError(
            "a clip needs length of 1 or more and spacing of 0 or more, not "
            f"length {length} and spacing {spacing}"
        )
    _check(builder, split, augmentation)

    def make(sequence, seed):
        draw = _draw(seed, 3)
        gap = least + draw[0] % (most - least + 1)
        positions = tf.cast(sequence["label_positions"], tf.int32)
        tf.debugging.assert_positive(
            tf.size(positions), "a sequence has no label"
        )
        whole = tf.where(positions >= (length - 1) * gap)[:, 0]
        # Labels whose clip is whole come first, if there are any.
        usable = tf.cond(
            tf.size(whole) > 0,
            lambda: whole,
            lambda: tf.range(tf.size(positions, tf.int64)),
        )
        chosen = usable[draw[1] % tf.size(usable)]
        steps = tf.range(length - 1, -1, -1) * gap
        indices = tf.maximum(positions[chosen] - steps, 0)
        frames = decode_frames(tf.gather(sequence["frames"], indices))
        label = decode_labels(sequence["labels"][chosen])
        return _augment(frames, label, None, augmentation, seed)[:2]

    return _batches(builder, split, make, batch_size, order)


def flow_dataset(
    builder,
    split,
    *,
    stride,
    batch_size,
    augmentation=None,
    from_stills=False,
    **order,
):
    """Random pairs of neighbouring frames and their flow.

    Args:
        builder, split, batch_size, augmentation, **order: as in
            `clip_dataset`.
        stride: the flow is averaged over squares of this size and given in
            units of it; frames are cut to a multiple of it.
        from_stills: both frames of a pair are one frame of the data set,
            seen by a simulated camera: needs `camera_motion`, and no
            `flows` in the data set.

    Returns:
        Dataset of `(pair, flow)`: uint8 `[B, 2, h, w, 3]`, the previous
        frame first, and float32 `[B, h / stride, w / stride, 2]`, backward
        flow, (dx, dy).

    Raises:
        ValueError: as in `clip_dataset`; or the data set has no flow.
    """
    augmentation = augmentation or Augmentation(flip=False)
    if from_stills and not augmentation.camera_motion:
        raise ValueError("flow from stills needs camera_motion above 0")
    if not from_stills and "flows" not in builder.info.features:
        raise ValueError(
            f"{builder.info.full_name} has no true flow; train on "
            "synthetic_streets or flying_chairs, from stills, or without "
            "truth by the photometric loss"
        )
    if not from_stills and augmentation.camera_motion:
        raise ValueError("camera_motion is for stills; set from_stills")
    _check(builder, split, augmentation)

    def make(sequence, seed):
        previous, current = _pair(sequence, seed, still=from_stills)
        indices = tf.stack([previous, current])
        frames = decode_frames(tf.gather(sequence["frames"], indices))
        if from_stills:
            flow = tf.zeros([*_size(frames), 2])
        else:
            flow = sequence["flows"][current]
        pair, _, flow = _augment(frames, None, flow, augmentation, seed)
        height, width = (side // stride * stride for side in _size(pair))
        flow = flow[None, :height, :width]
        flow = tf.nn.avg_pool2d(flow, stride, stride, "VALID")[0] / stride
        return pair[:, :height, :width], flow

    return _batches(
        builder, split, make, batch_size, order, with_flow=not from_stills
    )


def pair_dataset(builder, split, *, batch_size, augmentation=None, **order):
    """Random pairs of neighbouring frames, for the photometric loss.

    Args:
        builder, split, batch_size, augmentation, **order: as in
            `clip_dataset`; labels are not needed.

    Returns:
        Dataset of `(pair, pair)`, input and target of `PairwiseFlow` with
        `PhotometricLoss`: uint8 `[B, 2, h, w, 3]`, the previous frame first.

    Raises:
        ValueError: as in `clip_dataset`.
    """
    augmentation = augmentation or Augmentation(flip=False)
    _check(builder, split, augmentation)

    def make(sequence, seed):
        indices = tf.stack(_pair(sequence, seed, still=False))
        frames = decode_frames(tf.gather(sequence["frames"], indices))
        pair, _, _ = _augment(frames, None, None, augmentation, seed)
        return pair, pair

    return _batches(builder, split, make, batch_size, order)


def class_frequencies(builder, split, num_classes):
    """Share of every class among the labelled pixels of a split.

    Args:
        builder, split: as in `clip_dataset`.
        num_classes: number of classes.

    Returns:
        float64 `[num_classes]`; sums to 1.

    Raises:
        ValueError: if no pixel has a label.
    """
    split_info(builder, split)
    dataset = builder.as_dataset(
        split=split,
        decoders=tfds.decode.PartialDecoding({"labels": True}),
        read_config=tfds.ReadConfig(try_autocache=False),
    )
    counts = np.zeros(256, "int64")
    for sequence in dataset:
        counts += np.bincount(sequence["labels"].numpy().ravel(), minlength=256)
    counts = counts[:num_classes]
    if not counts.sum():
        raise ValueError(
            f"{builder.info.full_name}: no pixel of {split!r} has a label"
        )
    return counts / counts.sum()


# === What the pipelines share ===


def _check(builder, split, augmentation):
    split_info(builder, split)
    height, width = frame_size(builder, split)
    crop = augmentation.crop
    if crop and not augmentation.resamples:
        if crop[0] > height or crop[1] > width:
            raise ValueError(
                f"a crop of {crop[0]}x{crop[1]} does not fit into frames of "
                f"{height}x{width}; make it smaller or set scale"
            )


def _batches(builder, split, make, batch_size, order, with_flow=False):
    sequences = encoded_sequences(builder, split, with_flow=with_flow, **order)
    dataset = sequences.map(make, num_parallel_calls=tf.data.AUTOTUNE)
    dataset = dataset.batch(batch_size, drop_remainder=True)
    options = tf.data.Options()
    options.deterministic = True
    # Workers read different parts already.
    options.experimental_distribute.auto_shard_policy = (
        tf.data.experimental.AutoShardPolicy.OFF
    )
    return dataset.with_options(options).prefetch(2)


def _draw(seed, count):
    return tf.random.stateless_uniform([count], seed, 0, 2**30, dtype=tf.int32)


def _pair(sequence, seed, still):
    """Indices of the previous and the current frame."""
    count = tf.size(sequence["frames"])
    number = _draw(seed, 3)[2]
    if still:
        index = number % count
        return index, index
    tf.debugging.assert_greater(
        count, 1, "a sequence of one frame has no pair of neighbours"
    )
    current = 1 + number % (count - 1)
    return current - 1, current


def _size(images):
    static = images.shape[-3:-1]
    if None not in static:
        return tuple(static)
    return tuple(tf.unstack(tf.shape(images)[-3:-1]))


def _augment(frames, label, flow, augmentation, seed):
    """Transforms frames `[T, H, W, 3]` and what belongs to them."""
    length = frames.shape[0]
    height, width = tf.unstack(tf.shape(frames)[1:3])
    transforms, size = random_transforms(
        augmentation, length, (height, width), seed + 1
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
    if augmentation.color:
        frames = change_color(frames, augmentation.color, seed + 2)
    if augmentation.crop:
        frames.set_shape((length, *augmentation.crop, 3))
        if label is not None:
            label.set_shape(augmentation.crop)
        if flow is not None:
            flow.set_shape((*augmentation.crop, 2))
    else:
        frames.set_shape((length, None, None, 3))
    return frames, label, flow
