"""Bilinear sampling at arbitrary positions, with the three border rules."""

import functools

import keras
from keras import ops

from accel_tf.ops.kernels import compiles_with_xla, program_kind

BORDERS = ("clamp", "zero", "inside")


def bilinear_sample(images, y, x, border):
    """Samples `images` at fractional pixel positions.

    Args:
        images: float tensor `[B, H, W, C]`.
        y: float tensor `[B, N]`, rows in pixels (0 = centre of the first);
            or `[B, N, G]`, of each of `G` groups of consecutive channels.
        x: float tensor of the shape of `y`, columns in pixels.
        border: what lies outside the image.
            `"clamp"`: positions are moved to the nearest edge
            (`tensorflow_addons.image.dense_image_warp`).
            `"zero"`: every pixel outside is zero, so that values fade out
            over one pixel (MXNet's `BilinearSampler`).
            `"inside"`: zero unless `0 <= y < H` and `0 <= x < W`, with no
            fading: between `H - 1` and `H` the last row counts (MXNet's
            `DeformableConvolution`).

    Returns:
        Tensor `[B, N, C]` in the dtype of `images`; no number where a
        position is none. Differentiable in all three tensors; the gradient
        of a position is zero outside.

    Raises:
        ValueError: if `border` is none of the three.
    """
    if border not in BORDERS:
        raise ValueError(f"border must be one of {BORDERS}, got {border!r}.")
    # Positions need float32 whatever the features are: float16 has no
    # fractions left beyond pixel 1024.
    y, x = (_by_group(ops.cast(each, "float32")) for each in (y, x))
    program = program_kind()
    if any(isinstance(each, keras.KerasTensor) for each in (images, y)):
        program = "portable"
    else:
        images = ops.convert_to_tensor(images)
    if program == "tensorflow" and _fits_in_float32(images):
        from accel_tf.ops.box_sampling import sample_by_boxes

        samples = sample_by_boxes(ops.cast(images, "float32"), y, x, border)
        return ops.cast(samples, images.dtype)
    if program == "any" and compiles_with_xla():
        return _compiled(border)(images, y, x)
    return _sample_by_gathers(images, y, x, border)


def _by_group(positions):
    if len(positions.shape) == 3:
        return positions
    return ops.expand_dims(positions, -1)


def _fits_in_float32(images):
    dtype = keras.backend.standardize_dtype(images.dtype)
    return dtype in ("float32", "float16", "bfloat16")


@functools.cache
def _compiled(border):
    """`_sample_by_gathers`, compiled by XLA, whatever it is called in.

    TensorFlow by itself writes every product to memory and reads it again.
    """
    import tensorflow as tf

    return tf.function(
        lambda images, y, x: _sample_by_gathers(images, y, x, border),
        jit_compile=True,
        reduce_retracing=True,
        autograph=False,
    )


def _sample_by_gathers(images, y, x, border):
    """`bilinear_sample` with positions `[B, N, G]`, from the four corners."""
    batch, height, width, channels = ops.shape(images)
    _, count, groups = ops.shape(y)
    last_row = ops.cast(height - 1, "float32")
    last_column = ops.cast(width - 1, "float32")

    outside = None
    if border == "inside":
        # False for what is no number, so that its weight stays none.
        outside = ops.logical_or(
            ops.logical_or(y < 0, y >= last_row + 1),
            ops.logical_or(x < 0, x >= last_column + 1),
        )
    rows = neighbours(y, last_row, border)
    columns = neighbours(x, last_column, border)

    # A row of this matrix is one group of one pixel.
    flat = ops.reshape(images, (-1, channels // groups))
    first_pixel = ops.cast(ops.arange(batch) * (height * width), "int32")
    first_pixel = ops.reshape(first_pixel, (-1, 1, 1))
    group = ops.arange(groups, dtype="int32")
    total = 0.0
    for row, row_weight in rows:
        for column, column_weight in columns:
            weight = row_weight * column_weight
            if outside is not None:
                weight = ops.where(outside, 0.0, weight)
            pixel = first_pixel + row * width + column
            values = ops.take(flat, pixel * groups + group, axis=0)
            weight = ops.cast(ops.expand_dims(weight, -1), images.dtype)
            total = total + values * weight
    return ops.reshape(total, (batch, count, channels))


def neighbours(position, last, border):
    """The two pixels next to each position along one axis.

    Args:
        position: float32 tensor, in pixels.
        last: float32 scalar, the last pixel.
        border: as for `bilinear_sample`.

    Returns:
        Two pairs `(index, weight)`, int32 and float32 tensors.
    """
    if border == "zero":
        position = ops.clip(position, -1.0, last + 1.0)
        lower = ops.floor(position)
        fraction = position - ops.stop_gradient(lower)
        return [
            (_index(row, last), ops.where(_is_outside(row, last), 0.0, weight))
            for row, weight in (
                (lower, 1.0 - fraction),
                (lower + 1.0, fraction),
            )
        ]
    # The lower neighbour stays off the last pixel, so that the slope there
    # is the one towards the inside.
    lower = ops.clip(ops.floor(position), 0.0, ops.maximum(last - 1.0, 0.0))
    fraction = ops.clip(position - ops.stop_gradient(lower), 0.0, 1.0)
    return [
        (_index(lower, last), 1.0 - fraction),
        (_index(lower + 1.0, last), fraction),
    ]


def _index(position, last):
    # Bounded as an integer: a position that is no number becomes any integer,
    # and must spoil its own sample only.
    return ops.clip(ops.cast(position, "int32"), 0, ops.cast(last, "int32"))


def _is_outside(position, last):
    # Not where it is no number: the weight stays none either.
    return ops.logical_or(position < 0, position > last)
