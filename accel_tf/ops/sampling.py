"""Bilinear sampling at arbitrary positions, with the three border rules."""

from keras import ops

BORDERS = ("clamp", "zero", "inside")


def bilinear_sample(images, y, x, border):
    """Samples `images` at fractional pixel positions.

    Args:
        images: float tensor `[B, H, W, C]`.
        y: float tensor `[B, N]`, rows in pixels (0 = centre of the first).
        x: float tensor `[B, N]`, columns in pixels.
        border: what lies outside the image.
            `"clamp"`: positions are moved to the nearest edge
            (`tensorflow_addons.image.dense_image_warp`).
            `"zero"`: every pixel outside is zero, so that values fade out
            over one pixel (MXNet's `BilinearSampler`).
            `"inside"`: zero unless `0 <= y < H` and `0 <= x < W`, with no
            fading: between `H - 1` and `H` the last row counts (MXNet's
            `DeformableConvolution`).

    Returns:
        Tensor `[B, N, C]` in the dtype of `images`. Differentiable in all
        three tensors; the gradient of a position is zero outside.

    Raises:
        ValueError: if `border` is none of the three.
    """
    if border not in BORDERS:
        raise ValueError(f"border must be one of {BORDERS}, got {border!r}.")
    batch, height, width, channels = ops.shape(images)
    # Positions need float32 whatever the features are: float16 has no
    # fractions left beyond pixel 1024.
    y, x = ops.cast(y, "float32"), ops.cast(x, "float32")
    last_row = ops.cast(height - 1, "float32")
    last_column = ops.cast(width - 1, "float32")

    inside = None
    if border == "inside":
        inside = ops.logical_and(
            ops.logical_and(y >= 0, y < last_row + 1),
            ops.logical_and(x >= 0, x < last_column + 1),
        )
    rows = _corners(y, last_row, border)
    columns = _corners(x, last_column, border)

    flat = ops.reshape(images, (-1, channels))
    first_pixel = ops.expand_dims(ops.arange(batch) * (height * width), 1)
    first_pixel = ops.cast(first_pixel, "int32")
    total = 0.0
    for row, row_weight in rows:
        for column, column_weight in columns:
            weight = row_weight * column_weight
            if inside is not None:
                weight = weight * ops.cast(inside, "float32")
            values = ops.take(flat, first_pixel + row * width + column, axis=0)
            weight = ops.cast(ops.expand_dims(weight, -1), images.dtype)
            total = total + values * weight
    return total


def _corners(position, last, border):
    """The two neighbours of each position along one axis: (index, weight)."""
    if border == "zero":
        position = ops.clip(position, -1.0, last + 1.0)
        lower = ops.floor(position)
        fraction = position - ops.stop_gradient(lower)
        return [
            (_index(row, last), weight * _is_inside(row, last))
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


def _is_inside(position, last):
    return ops.cast(ops.logical_and(position >= 0, position <= last), "float32")
