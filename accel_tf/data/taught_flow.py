"""Pairs of frames of any video, with optical flow that OpenCV finds.

For training where there is no true flow: dense inverse search, far slower
and finer than one would use it on a video, is the teacher.
"""

import dataclasses
import os

import numpy as np
import tensorflow as tf

from accel_tf import optional
from accel_tf.data.augmentation import Augmentation, change_color
from accel_tf.data.batches import augment, checked_size, draw
from accel_tf.data.pairs import flow_dataset
from accel_tf.data.records import decode_frames, encoded_sequences
from accel_tf.metrics import correspondence

# Variational refinement: the weight of smoothness, half of OpenCV's, and the
# number of iterations.
_SMOOTHNESS, _ITERATIONS = 10.0, 15
# Crops that are made of a pair, for the teacher takes longest.
_CROPS = 3


def taught_dataset(
    builder,
    split,
    *,
    stride,
    batch_size,
    examples,
    spacing=(1, 3),
    stills=0.0,
    others=None,
    augmentation=None,
    cache="",
    seed=0,
    epoch=0,
    **shards,
):
    """Random pairs of frames with the flow that a teacher finds.

    Pairs whose flow is true can be among them. All are taught and augmented
    once, and then kept; only the flips and the colours are drawn anew every
    time.

    Args:
        builder, split, batch_size, seed, epoch, **shards: as in
            `clips.clip_dataset`; of labels there is no need.
        stride: as in `pairs.flow_dataset`.
        examples: how many there are.
        spacing: `(least, most)` frames between those of a pair, where the
            sequence has so many.
        stills: share of the examples that are a single frame of `builder`,
            seen by a simulated camera.
        others: dict from builders of data sets with true flow to the share of
            the examples that are from them.
        augmentation: `Augmentation`; with `camera_motion` a simulated camera
            adds its motion to that of the video. Data with true flow does
            without.
        cache: path of a file in which the examples are kept for the next
            time; by default they are kept in memory.

    Returns:
        Dataset of `(pair, flow, weight)`: the first two as those of
        `pairs.flow_dataset`; float32 `[B, h / stride, w / stride]`, the share
        of pixels where the flow can be trusted.

    Raises:
        ValueError: if the split is missing, empty or has no two neighbours,
            the crop is larger than the first frame or smaller than the
            stride, or no share of the examples is left to be taught.
        ImportError: if OpenCV is not installed.
    """
    optional.cv2()
    augmentation = augmentation or Augmentation(flip=False)
    others = {each: share for each, share in (others or {}).items() if share}
    shares = [share for share in (stills, *others.values()) if share]
    if min(shares, default=0) < 0 or sum(shares) >= 1:
        raise ValueError(
            "the shares of stills and of other data sets must be 0 or more "
            f"and sum to less than 1, not {shares}"
        )
    still = dataclasses.replace(augmentation, flip=False, color=0.0)
    common = {"stride": stride, "seed": seed, **shards}
    parts = [_taught(builder, split, spacing, still, **common)]
    if stills:
        parts.append(_true(builder, split, still, True, common))
    still = dataclasses.replace(still, camera_motion=0.0)
    parts += [_true(each, split, still, False, common) for each in others]
    kept = tf.data.Dataset.sample_from_datasets(
        parts, [1.0 - sum(shares), *shares], seed=seed + 1
    )
    kept = kept.take(examples).cache(cache)
    if cache and not os.path.exists(f"{cache}.index"):
        # All of them at once, for only one reader may write the file.
        kept.reduce(np.int64(0), lambda count, _: count + 1)

    @tf.autograph.experimental.do_not_convert
    def change(index, example):
        pair, flow, weight = example
        own = tf.stack([seed * 7919 + epoch, index])
        if augmentation.flip:
            mirrored = tf.random.stateless_uniform([], own) < 0.5
            pair = tf.where(mirrored, pair[:, :, ::-1], pair)
            flow = tf.where(mirrored, flow[:, ::-1] * [-1.0, 1.0], flow)
            weight = tf.where(mirrored, weight[:, ::-1], weight)
        if augmentation.color:
            pair = change_color(pair, augmentation.color, own + 1)
        return pair, flow, weight

    dataset = kept.repeat().shuffle(min(examples, 512), seed=seed + epoch)
    dataset = dataset.enumerate().map(change, tf.data.AUTOTUNE)
    return dataset.batch(batch_size, drop_remainder=True).prefetch(2)


def _taught(builder, split, spacing, augmentation, stride, **order):
    """Endless single examples whose flow is taught."""
    size = checked_size(
        builder, split, augmentation, _has_pair, "two neighbouring frames"
    )
    size = tuple(side // stride * stride for side in size)
    if not all(size):
        raise ValueError(f"frames are smaller than the stride, {stride}")
    augmentation = dataclasses.replace(augmentation, crop=size)

    def crop(encoded, flow, seed):
        pair, _, flow = augment(
            decode_frames(encoded),
            None,
            tf.ensure_shape(tf.cast(flow, tf.float32), (None, None, 2)),
            augmentation,
            size,
            seed,
        )
        return (pair, *average_known(flow, stride))

    @tf.autograph.experimental.do_not_convert
    def crops(encoded, flow, seed):
        seeds = seed + tf.range(_CROPS, dtype=seed.dtype)[:, None] * 2**40
        return tf.data.Dataset.from_tensor_slices(seeds).map(
            tf.autograph.experimental.do_not_convert(
                lambda each: crop(encoded, flow, each)
            )
        )

    pairs = _teach(builder, split, spacing, order)
    return pairs.flat_map(crops)


def _teach(builder, split, spacing, order):
    """Two encoded frames, the flow between them, and a seed."""

    @tf.autograph.experimental.do_not_convert
    def teach(sequence, seed):
        count = tf.size(sequence["frames"])
        numbers = draw(seed, 2)
        gap = spacing[0] + numbers[0] % (spacing[1] - spacing[0] + 1)
        gap = tf.minimum(gap, count - 1)
        current = gap + numbers[1] % (count - gap)
        encoded = tf.gather(sequence["frames"], [current - gap, current])
        frames = decode_frames(encoded)
        flow = tf.numpy_function(find_flow, [frames[1], frames[0]], tf.float16)
        return encoded, flow, seed

    sequences = encoded_sequences(builder, split, usable=_has_pair, **order)
    return sequences.map(teach, num_parallel_calls=tf.data.AUTOTUNE)


def _true(builder, split, augmentation, from_stills, options):
    """Endless single examples whose flow is known."""
    dataset = flow_dataset(
        builder,
        split,
        from_stills=from_stills,
        batch_size=1,
        augmentation=augmentation,
        **options,
    ).unbatch()
    return dataset.map(
        lambda pair, flow: (pair, flow, tf.ones(tf.shape(flow)[:2]))
    )


def average_known(flow, stride):
    """Averages flow over squares, of the pixels where it is known.

    Args:
        flow: float32 `[H, W, 2]` in pixels; not finite where unknown.
        stride: side of a square.

    Returns:
        `(flow, share)`: float32 `[H / stride, W / stride, 2]` in units of the
        stride; and `[H / stride, W / stride]`, the share of known pixels.
    """
    known = tf.reduce_all(tf.math.is_finite(flow), -1, keepdims=True)
    flow = tf.where(known, flow, 0.0)
    both = tf.concat([flow, tf.cast(known, tf.float32)], -1)[None]
    both = tf.nn.avg_pool2d(both, stride, stride, "VALID")[0]
    share = both[..., 2]
    return both[..., :2] / tf.maximum(share, 1e-3)[..., None] / stride, share


def find_flow(current, previous):
    """Backward flow by dense inverse search at its finest.

    Args:
        current, previous: uint8 `[H, W, 3]`, RGB.

    Returns:
        float16 `[H, W, 2]`, (dx, dy) in pixels; no number where the way
        there and back doesn't end near its start, or ends outside.
    """
    cv2 = optional.cv2()
    grey = [
        cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (current, previous)
    ]
    rough = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    forward = rough.calc(grey[1], grey[0], None)
    fine = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    fine.setFinestScale(0)
    fine.setVariationalRefinementAlpha(_SMOOTHNESS)
    fine.setVariationalRefinementIterations(_ITERATIONS)
    flow = fine.calc(*grey, None)
    known = correspondence(flow, forward).reliable
    return np.where(known[..., None], flow, np.nan).astype("float16")


def _has_pair(sequence):
    return tf.size(sequence["frames"]) > 1
