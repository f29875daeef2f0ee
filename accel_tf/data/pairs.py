"""Pairs of neighbouring frames for training flow, as `tf.data` pipelines.

Endless, and random in the same way, as those of `accel_tf.data.clips`.
"""

import tensorflow as tf

from accel_tf.data.augmentation import Augmentation
from accel_tf.data.batches import augment, batches, checked_size, draw
from accel_tf.data.records import decode_frames


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
            `clips.clip_dataset`.
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
    size = checked_size(
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
        pair, _, flow = augment(frames, None, flow, augmentation, size, seed)
        flow = flow[None, :height, :width]
        flow = tf.nn.avg_pool2d(flow, stride, stride, "VALID")[0] / stride
        return pair[:, :height, :width], flow

    return batches(
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
            `clips.clip_dataset`. Labels are not needed; sequences of one frame
            are left out.

    Returns:
        Dataset of `(pair, pair)`, input and target of `PairwiseFlow` with
        `PhotometricLoss`: uint8 `[B, 2, h, w, 3]`, the previous frame first.

    Raises:
        ValueError: if the split is missing, empty or has no two neighbours,
            or the crop is larger than the first frame.
    """
    augmentation = augmentation or Augmentation(flip=False)
    size = checked_size(
        builder, split, augmentation, _has_pair, "two neighbouring frames"
    )

    def make(sequence, seed):
        indices = tf.stack(_pair(sequence, seed, still=False))
        frames = decode_frames(tf.gather(sequence["frames"], indices))
        pair, _, _ = augment(frames, None, None, augmentation, size, seed)
        return pair, pair

    return batches(builder, split, make, batch_size, order, usable=_has_pair)


def _has_pair(sequence):
    return tf.size(sequence["frames"]) > 1


def _pair(sequence, seed, still):
    """Indices of the previous and the current frame."""
    count = tf.size(sequence["frames"])
    number = draw(seed, 3)[2]
    if still:
        index = number % count
        return index, index
    current = 1 + number % (count - 1)
    return current - 1, current
