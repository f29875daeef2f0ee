"""From built data sets to training batches, as `tf.data` pipelines.

Every pipeline is endless and depends on nothing but its arguments: the same
seed and epoch give the same batches. Only the frames that are used are
decoded. Without a crop, all frames must be as large as the first; a frame
that does not fit ends the iteration with tf.errors.InvalidArgumentError.
"""

import numpy as np
import tensorflow as tf

from accel_tf.data.augmentation import Augmentation
from accel_tf.data.batches import augment, batches, checked_size, draw
from accel_tf.data.label_maps import IGNORE
from accel_tf.data.records import decode_frames, decode_labels, label_counts


def clip_dataset(
    builder,
    split,
    *,
    length,
    batch_size,
    spacing=1,
    spacing_per_frame=False,
    augmentation=None,
    **order,
):
    """Random clips that end at a labelled frame.

    The first frame of a clip is its key frame, `(length - 1) * spacing`
    frames before the last if there is one spacing. Where a sequence does not
    reach back that far, its oldest frame stands in for the missing ones, as
    the original substitutes the current image (`dff_deeplab/core/rpn.py`). A
    sequence gives a clip that is whole if it has one; sequences without
    labels are left out.

    Args:
        builder: TFDS builder of one of the library's data sets, built.
        split: name of the split.
        length: frames in a clip.
        batch_size: clips in a batch, over all devices and workers.
        spacing: frames from one frame of the clip to the next; an int, or
            `(least, most)` to draw from, for a key distance that varies.
        spacing_per_frame: draws the spacing between every two neighbours of
            a clip by itself, as TDNet (CVPR 2020) does; by default a clip
            has one.
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
    size = checked_size(builder, split, augmentation, _has_label, "a label")

    def make(sequence, seed):
        numbers = draw(seed, 3)
        gaps = numbers[:1]
        if spacing_per_frame:
            # By a seed of their own: the label stays the same.
            gaps = draw(tf.random.fold_in(seed, 1), length - 1)
        gaps = least + gaps % (most - least + 1)
        gaps = tf.broadcast_to(gaps, [length - 1])
        # How far each frame is before the last.
        steps = tf.concat([tf.cumsum(gaps, reverse=True), [0]], 0)
        positions = tf.cast(sequence["label_positions"], tf.int32)
        whole = tf.where(positions >= steps[0])[:, 0]
        # Labels whose clip is whole come first, if there are any.
        usable = tf.cond(
            tf.size(whole) > 0,
            lambda: whole,
            lambda: tf.range(tf.size(positions, tf.int64)),
        )
        chosen = usable[numbers[1] % tf.size(usable)]
        indices = tf.maximum(positions[chosen] - steps, 0)
        frames = decode_frames(tf.gather(sequence["frames"], indices))
        label = decode_labels(sequence["labels"][chosen])
        return augment(frames, label, None, augmentation, size, seed)[:2]

    return batches(builder, split, make, batch_size, order, usable=_has_label)


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
