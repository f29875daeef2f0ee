"""From sequences to training examples, as `tf.data` pipelines.

Sequences are those of the library's builders (`datasets/`): dicts with
`frames` `[T, H, W, 3]`, `labels` `[N, H, W, 1]` and `label_positions` `[N]`,
the index among the frames that each label map belongs to.
"""

import numpy as np
import tensorflow as tf


def clip_dataset(
    sequences, length, batch_size, crop=None, class_weights=None, seed=0
):
    """Random clips that end at a labelled frame, endlessly.

    Every frame of a clip and its label are cut at the same place and
    flipped together.

    Args:
        sequences: finite `tf.data.Dataset` of decoded sequences.
        length: frames of a clip; label maps with fewer frames before them
            are not used.
        batch_size: clips in a batch.
        crop: `(height, width)` of a random window; `None` keeps the frame.
        class_weights: one float per class, or `None`; weighs the pixels.
        seed: int; the same seed gives the same batches.

    Returns:
        Dataset of `(clip, label)` or `(clip, label, weight)`: uint8
        `[B, length, h, w, 3]`, uint8 `[B, h, w]`, float32 `[B, h, w]`.
    """

    def make(sequence, random):
        positions = tf.cast(sequence["label_positions"], tf.int32)
        usable = tf.where(positions >= length - 1)[:, 0]
        chosen = usable[random[0] % tf.size(usable)]
        end = positions[chosen] + 1
        clip = sequence["frames"][end - length : end]
        label = sequence["labels"][chosen, ..., 0]
        if random[1] % 2 == 0:
            clip, label = clip[:, :, ::-1], label[:, ::-1]
        if crop is not None:
            size = tf.shape(label)
            top = random[2] % (size[0] - crop[0] + 1)
            left = random[3] % (size[1] - crop[1] + 1)
            clip = clip[:, top : top + crop[0], left : left + crop[1]]
            label = label[top : top + crop[0], left : left + crop[1]]
            clip.set_shape((length, *crop, 3))
            label.set_shape(crop)
        return clip, label

    dataset = _with_random(sequences, seed).map(
        make, num_parallel_calls=tf.data.AUTOTUNE
    )
    dataset = dataset.batch(batch_size, drop_remainder=True)
    if class_weights is not None:
        table = np.zeros(256, "float32")
        table[: len(class_weights)] = class_weights
        dataset = dataset.map(
            lambda clip, label: (
                clip,
                label,
                tf.gather(table, tf.cast(label, tf.int32)),
            )
        )
    return dataset.prefetch(2)


def flow_dataset(sequences, stride, batch_size, seed=0):
    """Random pairs of neighbouring frames and their flow, endlessly.

    Args:
        sequences: finite dataset of decoded sequences that also have
            `flows` `[T, H, W, 2]`, backward flow in pixels, (dx, dy).
        stride: the flow is averaged over squares of this size and given in
            units of it; frames are cut to a multiple of it.
        batch_size: pairs in a batch.
        seed: int; the same seed gives the same batches.

    Returns:
        Dataset of `(pair, flow)`: uint8 `[B, 2, H, W, 3]`, previous frame
        first, and float32 `[B, h, w, 2]`.
    """

    def make(sequence, random):
        frames, flows = sequence["frames"], sequence["flows"]
        index = 1 + random[0] % (tf.shape(frames)[0] - 1)
        height = tf.shape(frames)[1] // stride * stride
        width = tf.shape(frames)[2] // stride * stride
        pair = frames[index - 1 : index + 1, :height, :width]
        flow = flows[index, :height, :width]
        if random[1] % 2 == 0:
            pair = pair[:, :, ::-1]
            flow = flow[:, ::-1] * [-1.0, 1.0]
        flow = tf.nn.avg_pool2d(flow[None], stride, stride, "VALID")[0]
        return pair, flow / stride

    dataset = _with_random(sequences, seed).map(
        make, num_parallel_calls=tf.data.AUTOTUNE
    )
    return dataset.batch(batch_size, drop_remainder=True).prefetch(2)


def class_frequencies(sequences, num_classes):
    """Share of every class among the labelled pixels.

    Args:
        sequences: finite dataset of decoded sequences.
        num_classes: number of classes.

    Returns:
        float64 `[num_classes]`; sums to 1.
    """
    counts = np.zeros(256, "int64")
    for labels in sequences.map(lambda sequence: sequence["labels"]):
        counts += np.bincount(labels.numpy().ravel(), minlength=256)
    return counts[:num_classes] / counts[:num_classes].sum()


def _with_random(sequences, seed):
    """Shuffled and repeated, each with four non-negative random ints."""
    sequences = sequences.shuffle(256, seed=seed).repeat()
    numbers = tf.data.Dataset.random(
        seed=seed, rerandomize_each_iteration=False
    )
    numbers = numbers.map(lambda n: tf.cast(n % 2**30, tf.int32)).batch(4)
    return tf.data.Dataset.zip(sequences, numbers)
