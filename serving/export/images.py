"""Image files to frames and label maps to image files, inside the graph."""

import functools

import tensorflow as tf

from accel_tf.serving.export.checks import after, checked, require
from accel_tf.serving.export.orientation import turn_upright
from accel_tf.serving.request_limits import MAX_IMAGE_ASPECT, MAX_IMAGE_SIDE

# Signature, then length and name of the chunk that holds the size. Decoders
# pass over others before it, whose content would be taken for the size.
_PNG_START = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
_JPEG_START = b"\xff\xd8"
_START_OF_SCAN = 0xFF, 0xDA
# A decoder goes over the whole image for every scan, and an empty scan takes
# a few bytes; no encoder makes more than some ten.
_MAX_SCANS = 100
# Signature, length and name of the first chunk, its width and height.
_PNG_HEADER = 24


def decode_frame(data, row, max_pixels, least_side=1):
    """Decodes a JPEG or PNG file to an upright image.

    The size is read from the file's header and checked before anything is
    decoded: a small file can stand for a huge image.

    Args:
        data: scalar string tensor.
        row: its place in the request, for messages; scalar tensor.
        max_pixels: height times width that is still decoded.
        least_side: of the height and the width.

    Returns:
        uint8 `[H, W, 3]`, turned as the file's EXIF data say. Fails with
        INVALID_ARGUMENT for any other file, a broken one, or an image that is
        too large, too long for its width or too small.
    """
    return _decoder(max_pixels, least_side)(data, row)


@functools.cache
def _decoder(max_pixels, least_side):
    """One function for all signatures, which a SavedModel then holds once."""

    @tf.function(
        input_signature=[
            tf.TensorSpec((), tf.string),
            tf.TensorSpec((), tf.int32),
        ],
        autograph=False,
    )
    def decode(data, row):
        return _decode(data, row, max_pixels, least_side)

    return decode


def _decode(data, row, max_pixels, least_side):
    is_png = tf.equal(tf.strings.substr(data, 0, 16), _PNG_START)
    is_png &= tf.strings.length(data) >= _PNG_HEADER
    is_jpeg = tf.equal(tf.strings.substr(data, 0, 2), _JPEG_START)
    known = require(
        is_png | is_jpeg,
        "image_bytes[",
        row,
        "] is neither a JPEG nor a PNG file",
    )
    data = checked(data, known)
    height, width = tf.unstack(
        tf.cond(is_png, lambda: _png_size(data), lambda: _jpeg_size(data)), 2
    )
    # Two sides of 32 bits could overflow their product.
    sides_fit = (height <= max_pixels) & (width <= max_pixels)
    pixels = height * width
    fits = require(
        sides_fit & (pixels > 0) & (pixels <= max_pixels),
        "image_bytes[",
        row,
        "] is ",
        height,
        "x",
        width,
        f"; a frame has 1 to {max_pixels} pixels",
    )
    with after(fits):
        shaped = require_shape(
            "image_bytes[", row, "] is ", height=height, width=width
        )
    with after(shaped):
        large_enough = require(
            tf.minimum(height, width) >= least_side,
            "image_bytes[",
            row,
            "] is ",
            height,
            "x",
            width,
            f"; the model takes frames of {least_side}x{least_side} or more",
        )
    scans = tf.cond(
        is_png, lambda: tf.constant(1, tf.int64), lambda: _count_scans(data)
    )
    few_scans = require(
        scans <= _MAX_SCANS,
        "image_bytes[",
        row,
        f"] is a JPEG file of more than {_MAX_SCANS} scans",
    )
    data = checked(data, large_enough, few_scans)
    frame = tf.cond(
        is_png,
        lambda: tf.io.decode_png(data, channels=3),
        lambda: tf.io.decode_jpeg(data, channels=3),
    )
    frame = turn_upright(frame, data, is_png)
    return tf.ensure_shape(frame, [None, None, 3])


def require_shape(*name, height, width):
    """A check that one side of frames is not far longer than the other.

    Args:
        *name: what begins the message.
        height, width: pixels, scalar int64 tensors.
    """
    longer, shorter = tf.maximum(height, width), tf.minimum(height, width)
    return require(
        (longer <= MAX_IMAGE_SIDE) & (longer <= MAX_IMAGE_ASPECT * shorter),
        *name,
        height,
        "x",
        width,
        f"; a frame has sides of at most {MAX_IMAGE_SIDE} pixels, and one of "
        f"at most {MAX_IMAGE_ASPECT} times the other",
    )


def encode_labels(labels):
    """uint8 `[H, W]` as a grey PNG file, a scalar string tensor."""
    return tf.io.encode_png(labels[..., None])


def _png_size(data):
    """`[height, width]`, int64."""
    numbers = tf.io.decode_raw(
        tf.strings.substr(data, 16, 8), tf.int32, little_endian=False
    )
    # Unsigned in the file: beyond 2**31 they turn up negative.
    return tf.reverse(tf.cast(numbers, tf.int64) % 2**32, [0])


def _jpeg_size(data):
    """`[height, width]`, int64."""
    return tf.cast(tf.image.extract_jpeg_shape(data)[:2], tf.int64)


def _count_scans(data):
    """Scans of a JPEG file, and what looks like one inside of metadata."""
    first, second = _START_OF_SCAN
    numbers = tf.io.decode_raw(data, tf.uint8)
    starts = tf.equal(numbers[:-1], first) & tf.equal(numbers[1:], second)
    return tf.math.count_nonzero(starts)
