"""From built data sets to training batches, as `tf.data` pipelines.

Every pipeline is endless and depends on nothing but its arguments: the same
seed and epoch give the same batches. Only the frames that are used are
decoded. Without a crop, all frames must be as large as the first; a frame
that does not fit ends the iteration with tf.errors.InvalidArgumentError.
"""

import dataclasses

import numpy as np
import tensorflow as tf

from accel_tf.data.augmentation import (
    Augmentation,
    change_color,
    cut,
    random_transforms,
    transform_flow,
    transform_frames,
    transform_labels,
)
from accel_tf.data.label_maps import IGNORE
from accel_tf.data.records import (
    decode_frames,
    decode_labels,
    encoded_sequences,
    frame_size,
    label_counts,
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
    substitutes the current image (`dff_deeplab/core/rpn.py`). A sequence
    gives a clip that is whole if it has one; sequences without labels are
    left out.

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
        ValueError: if the split is missing, empty or has no label, the crop
            is larger than the first frame, or a number is out of range.
    """
    augmentation = augmentation or Augmentation(flip=False)
    least, most = _spacing_range(spacing)
    if length < 1:
        raise ValueError(f"a clip needs a length of 1 or more, not {length}")
    size = _checked_size(builder, split, augmentation, _has_label, "a label")

    def make(sequence, seed):
        draw = _draw(seed, 3)
        gap = least + draw[0] % (most - least + 1)
        positions = tf.cast(sequence["label_positions"], tf.int32)
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
        return _augment(frames, label, None, augmentation, size, seed)[:2]

    return _batches(builder, split, make, batch_size, order, usable=_has_label)


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
            seen by a simulated camera. It needs `camera_motion`, and makes
            no use of `flows` in the data set.

    Returns:
        Dataset of `(pair, flow)`: uint8 `[B, 2, h, w, 3]`, the previous
        frame first, and float32 `[B, h / stride, w / stride, 2]`, backward
        flow, (dx, dy).

    Raises:
        ValueError: if the split is missing, empty or has no two neighbours,
            the crop is larger than the first frame or smaller than the
            stride, or the data set has no flow.
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
    usable = None if from_stills else _has_pair
    size = _checked_size(
        builder, split, augmentation, usable, "two neighbouring frames"
    )
    if not 1 <= stride <= min(size):
        raise ValueError(
            f"stride must be from 1 to {min(size)}, the shorter side of the "
            f"frames, not {stride}"
        )
    height, width = (side // stride * stride for side in size)

    def make(sequence, seed):
        previous, current = _pair(sequence, seed, still=from_stills)
        indices = tf.stack([previous, current])
        frames = decode_frames(tf.gather(sequence["frames"], indices))
        if from_stills:
            flow = tf.zeros([*tf.unstack(tf.shape(frames)[1:3]), 2])
        else:
            flow = sequence["flows"][current]
        pair, _, flow = _augment(frames, None, flow, augmentation, size, seed)
        flow = flow[None, :height, :width]
        flow = tf.nn.avg_pool2d(flow, stride, stride, "VALID")[0] / stride
        return pair[:, :height, :width], flow

    return _batches(
        builder,
        split,
        make,
        batch_size,
        order,
        usable=usable,
        with_flow=not from_stills,
    )


def pair_dataset(builder, split, *, batch_size, augmentation=None, **order):
    """Random pairs of neighbouring frames, for the photometric loss.

    Args:
        builder, split, batch_size, augmentation, **order: as in
            `clip_dataset`. Labels are not needed; sequences of one frame
            are left out.

    Returns:
        Dataset of `(pair, pair)`, input and target of `PairwiseFlow` with
        `PhotometricLoss`: uint8 `[B, 2, h, w, 3]`, the previous frame first.

    Raises:
        ValueError: if the split is missing, empty or has no two neighbours,
            or the crop is larger than the first frame.
    """
    augmentation = augmentation or Augmentation(flip=False)
    size = _checked_size(
        builder, split, augmentation, _has_pair, "two neighbouring frames"
    )

    def make(sequence, seed):
        indices = tf.stack(_pair(sequence, seed, still=False))
        frames = decode_frames(tf.gather(sequence["frames"], indices))
        pair, _, _ = _augment(frames, None, None, augmentation, size, seed)
        return pair, pair

    return _batches(builder, split, make, batch_size, order, usable=_has_pair)


def class_frequencies(builder, split, num_classes):
    """Share of every class among the labelled pixels of a split.

    Args:
        builder, split: as in `clip_dataset`.
        num_classes: number of classes.

    Returns:
        float64 `[num_classes]`; sums to 1.

    Raises:
        ValueError: if the split is missing or empty, no pixel has a label,
            or one has a label of no class.
    """
    counts = label_counts(builder, split)
    beyond = np.flatnonzero(counts[num_classes:IGNORE])
    if beyond.size:
        raise ValueError(
            f"{builder.info.full_name}: {split!r} has the label "
            f"{num_classes + beyond[0]}, but there are {num_classes} classes"
        )
    counts = counts[:num_classes]
    if not counts.sum():
        raise ValueError(
            f"{builder.info.full_name}: no pixel of {split!r} has a label"
        )
    return counts / counts.sum()


# === What the pipelines share ===


def _spacing_range(spacing):
    ends = [spacing] * 2 if isinstance(spacing, int) else spacing
    if not (
        isinstance(ends, tuple | list)
        and len(ends) == 2
        and all(isinstance(end, int) for end in ends)
        and 0 <= ends[0] <= ends[1]
    ):
        raise ValueError(
            "spacing must be a whole number of frames from 0, or (least, "
            f"most), not {spacing!r}"
        )
    return ends


def _has_label(sequence):
    return tf.size(sequence["labels"]) > 0


def _has_pair(sequence):
    return tf.size(sequence["frames"]) > 1


def _checked_size(builder, split, augmentation, usable, wanted):
    """The size of the result, if the first frame allows it."""
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


def _batches(builder, split, make, batch_size, order, usable, with_flow=False):
    if batch_size < 1:
        raise ValueError(f"batch_size must be 1 or more, not {batch_size}")
    sequences = encoded_sequences(
        builder, split, with_flow=with_flow, usable=usable, **order
    )
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
    current = 1 + number % (count - 1)
    return current - 1, current


def _augment(frames, label, flow, augmentation, size, seed):
    """Transforms frames `[T, H, W, 3]` and what belongs to them to a size."""
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
