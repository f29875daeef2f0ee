"""Frames of any size brought to that of a clip classifier, in the graph."""

import tensorflow as tf

from accel_tf.serving.export.checks import checked, require


def fit_frames(frames, size):
    """The centre of frames, as a test of one crop sees it.

    As `accel_tf.data.clip_sampling.crop_views`: the shorter side is brought
    to `size`, bilinearly and smoothed where frames shrink, and the middle of
    the longer one is kept. Nothing outside of that is computed, however long
    a frame is.

    Args:
        frames: uint8 `[N, H, W, 3]`.
        size: pixels.

    Returns:
        uint8 `[N, size, size, 3]`. Fails with INVALID_ARGUMENT for frames
        without a pixel.
    """
    sides = tf.shape(frames, tf.int64)[1:3]
    least = tf.reduce_min(sides)
    there = require(least > 0, "frames need a side of 1 pixel or more")
    frames = checked(frames, there)
    wanted = sides * size // tf.maximum(least, 1)
    corner = (wanted - size + 1) // 2
    scale = tf.cast(wanted, tf.float32) / tf.cast(sides, tf.float32)
    values = tf.raw_ops.ScaleAndTranslate(
        images=frames,
        size=[size, size],
        scale=scale,
        translation=tf.cast(-corner, tf.float32),
        kernel_type="triangle",
        antialias=True,
    )
    fitted = tf.cast(tf.round(values), tf.uint8)
    return tf.ensure_shape(fitted, [None, size, size, 3])
