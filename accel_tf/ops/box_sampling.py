"""Bilinear sampling by TensorFlow's `crop_and_resize`."""

import math

import tensorflow as tf
from keras import ops


def sample_by_boxes(images, y, x, border):
    """What `bilinear_sample` gives, from boxes of one pixel.

    A kernel of its own that reads and writes every value once; there is
    none for XLA. Positions go through it as fractions of the image's sides,
    which moves them by up to 1.2e-7 of a side.

    Args:
        images: float32 tensor `[B, H, W, C]`.
        y, x: float32 tensors `[B, N, G]`, in pixels.
        border: as for `bilinear_sample`.

    Returns:
        float32 tensor `[B, N, C]`.
    """
    batch, height, width, channels = ops.shape(images)
    _, count, groups = ops.shape(y)
    if groups > 1:
        # A group is one more image of the batch.
        images = tf.reshape(
            images, (batch, height, width, groups, channels // groups)
        )
        images = tf.transpose(images, (0, 3, 1, 2, 4))
        images = tf.reshape(
            images, (batch * groups, height, width, channels // groups)
        )
    height, width = (tf.cast(side, "float32") for side in (height, width))
    is_number = ~(tf.math.is_nan(y) | tf.math.is_nan(x))
    has_box = is_number
    if border == "inside":
        is_outside = (y < 0) | (y >= height) | (x < 0) | (x >= width)
        is_number |= is_outside
        has_box = is_number & ~is_outside

    def fraction(position, side):
        # Of a side of two pixels or more, see `_with_two_pixels`.
        position = tf.clip_by_value(position, 0.0, side - 1)
        return tf.where(has_box, position / tf.maximum(side - 1, 1.0), -1.0)

    row, column = fraction(y, height), fraction(x, width)
    boxes = tf.stack([row, column, row, column], axis=-1)
    image_of_box = tf.reshape(tf.range(batch * groups), (batch, 1, groups))
    samples = tf.image.crop_and_resize(
        _with_two_pixels(images),
        tf.reshape(boxes, (-1, 4)),
        tf.reshape(tf.broadcast_to(image_of_box, tf.shape(y)), (-1,)),
        crop_size=(1, 1),
        # What is wanted of positions without a box, for they are outside.
        extrapolation_value=0.0 if border == "inside" else math.nan,
    )
    samples = tf.reshape(samples, (batch, count, groups, channels // groups))
    if border == "zero":
        # Beyond the edge its pixels fade out over one pixel.
        fading = _fading(y, height) * _fading(x, width)
        samples = samples * fading[..., None]
    if border == "inside":
        # All samples are looked through only if there is such a position.
        samples = tf.cond(
            tf.reduce_all(is_number),
            lambda: samples,
            lambda: tf.where(is_number[..., None], samples, math.nan),
        )
    return tf.reshape(samples, (batch, count, channels))


def _with_two_pixels(images):
    """At least, on each side: no box lies outside of a side of one pixel."""
    sides = images.shape[1:3]
    if sides.is_fully_defined() and min(sides) > 1:
        return images
    missing = tf.maximum(2 - tf.shape(images), 0) * [0, 1, 1, 0]
    return tf.pad(images, tf.stack([tf.zeros_like(missing), missing], axis=1))


def _fading(position, side):
    return tf.clip_by_value(
        tf.minimum(position + 1.0, side - position), 0.0, 1.0
    )
