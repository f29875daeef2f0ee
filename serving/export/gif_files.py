"""Animated GIF files to frames, inside the graph (GIF89a specification)."""

import tensorflow as tf

from accel_tf.serving.export.checks import checked, require
from accel_tf.serving.export.images import require_shape

_HEADER = 13
_EXTENSION, _IMAGE, _END = 0x21, 0x2C, 0x3B


def decode_gif(data, row, max_pixels, max_frames):
    """Decodes an animated GIF file.

    How much it holds is read from its blocks and checked before anything is
    decoded: a small file can stand for many huge images.

    Args:
        data: scalar string tensor.
        row: its place in the request, for messages; scalar tensor.
        max_pixels: of all frames together.
        max_frames: that are still decoded.

    Returns:
        uint8 `[T, H, W, 3]`. Fails with INVALID_ARGUMENT for any other file,
        a broken one, or one that holds too much.
    """
    name = "gif_bytes["
    start = tf.strings.substr(data, 0, 6)
    known = tf.equal(start, "GIF87a") | tf.equal(start, "GIF89a")
    known &= tf.strings.length(data) >= _HEADER
    data = checked(data, require(known, name, row, "] is no GIF file"))
    frames, height, width, is_whole = _extent(data)
    # Each side and the number have 16 bits at most: 64 hold the product.
    pixels = frames * height * width
    fits = require(
        (frames > 0) & (frames <= max_frames) & (pixels <= max_pixels),
        name,
        row,
        "] has ",
        frames,
        " frames of ",
        height,
        "x",
        width,
        f"; a clip has 1 to {max_frames} frames and {max_pixels} pixels "
        "together",
    )
    # The decoder would give the frames before that.
    whole = require(is_whole, name, row, "] is cut off or damaged")
    shaped = require_shape(
        name, row, "] has frames of ", height=height, width=width
    )
    return tf.io.decode_gif(checked(data, fits, whole, shaped))


def _extent(data):
    """Number of images, height and width that hold all, as int64; and whether
    the blocks lead to the file's end."""
    numbers = tf.cast(tf.io.decode_raw(data, tf.uint8), tf.int32)
    size = tf.size(numbers)

    def block(place, frames, height, width):
        kind = _byte(numbers, place)
        is_image = tf.equal(kind, _IMAGE)
        bottom = _number(numbers, place + 3) + _number(numbers, place + 7)
        right = _number(numbers, place + 1) + _number(numbers, place + 5)
        # A descriptor, its colours and the size of its codes; or a label.
        own = tf.where(is_image, 11 + _colours(_byte(numbers, place + 9)), 2)
        return (
            _after_data(numbers, place + own),
            frames + tf.cast(is_image, tf.int32),
            tf.where(is_image, tf.maximum(height, bottom), height),
            tf.where(is_image, tf.maximum(width, right), width),
        )

    def goes_on(place, *_):
        kind = _byte(numbers, place)
        known = tf.equal(kind, _EXTENSION) | tf.equal(kind, _IMAGE)
        return known & (place < size)

    first = _HEADER + _colours(_byte(numbers, 10))
    zero = tf.constant(0)
    place, frames, height, width = tf.while_loop(
        goes_on, block, (first, zero, zero, zero), parallel_iterations=1
    )
    # A file's own size counts too, where it is larger than its images.
    height = tf.maximum(height, _number(numbers, 8))
    width = tf.maximum(width, _number(numbers, 6))
    is_whole = tf.equal(_byte(numbers, place), _END)
    return *(tf.cast(x, tf.int64) for x in (frames, height, width)), is_whole


def _after_data(numbers, place):
    """Where the chain of data that begins at `place` has ended."""
    last = tf.size(numbers) - 1

    def goes_on(place):
        return (place <= last) & (_byte(numbers, place) > 0)

    def following(place):
        return (place + 1 + _byte(numbers, place),)

    (place,) = tf.while_loop(
        goes_on, following, (place,), parallel_iterations=1
    )
    return place + 1


def _colours(flags):
    """Bytes of the table of colours that the flags tell of."""
    count = 3 * tf.bitwise.left_shift(2, flags & 7)
    return tf.where(flags >= 128, count, 0)


def _number(numbers, place):
    return _byte(numbers, place) + 256 * _byte(numbers, place + 1)


def _byte(numbers, place):
    """0 beyond the end."""
    last = tf.size(numbers) - 1
    return tf.where(place > last, 0, numbers[tf.minimum(place, last)])
