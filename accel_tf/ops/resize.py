"""Bilinear resizing as small matrix products, the same on any backend."""

import numbers

import numpy as np
from keras import ops

from accel_tf.ops.kernels import program_kind
from accel_tf.ops.places import Places, as_float
from accel_tf.ops.sampling import neighbours

# Sizes of the blocks of a result, the best first.
_BLOCKS = tuple(range(64, 32, -1))

# Pixels of a row above which XLA interpolates without a matrix.
_WIDE = 256


def resize_bilinear(images, size, align_corners=False, frame_size=None):
    """Resizes by bilinear interpolation, without anti-aliasing.

    Args:
        images: float tensor `[B, H, W, C]`.
        size: `(height, width)` of the output.
        align_corners: `False` puts pixel centres at half pixels
            (`tf.image.resize`); `True` keeps the corner pixels in the
            corners (TensorFlow 1's and PyTorch's `align_corners=True`).
        frame_size: see `frame_places`.

    Returns:
        Tensor `[B, height, width, C]` in the dtype of `images`.
    """
    places = []
    for place, new, old in zip(
        frame_places(size, frame_size),
        size if frame_size is None else frame_size,
        ops.shape(images)[1:3],
        strict=True,
    ):
        last = as_float(old - 1)
        if align_corners:
            scale = last / as_float(_at_least(new - 1, 1))
            place = place.mapped(lambda at, scale=scale: at * scale)
        else:
            scale = as_float(old) / as_float(new)
            place = place.mapped(
                lambda at, scale=scale: (at + 0.5) * scale - 0.5
            )
        places.append(place.within(last))
    return interpolate(images, *places)


def frame_places(size, frame_size=None):
    """Where the pixels of a result lie in the frame that it is of.

    Args:
        size: `(height, width)` of the result.
        frame_size: `(height, width)` of the frame, if the result is at once
            brought from that to another size; its edges are repeated.

    Returns:
        Two `Places` in pixels of the frame: of the rows and of the columns.
    """
    rows_and_columns = []
    for axis, new in enumerate(size):
        place = Places.of_pixels(new)
        if frame_size is not None:
            old = as_float(frame_size[axis])
            scale = old / as_float(new)
            place = place.mapped(
                lambda at, scale=scale: (at + 0.5) * scale - 0.5
            ).within(old - 1.0)
        rows_and_columns.append(place)
    return rows_and_columns


def upsample_scores(scores, stride, size, frame_size=None):
    """Brings class scores from a network's stride to the input's resolution.

    This is the transposed convolution with a fixed bilinear kernel of
    `2 * stride` by which the published DeepLab, Deep Feature Flow and Accel
    end, cropped by `stride / 2` at the top and left and to `size` at the
    bottom and right. Scores outside the map are zero, so the outer
    `stride / 2` pixels fade towards zero, unlike in a resize.

    Args:
        scores: float tensor `[B, h, w, C]`.
        stride: the stride of `scores` in pixels.
        size: `(height, width)` in pixels.
        frame_size: see `frame_places`.

    Returns:
        Tensor `[B, height, width, C]` in the dtype of `scores`.
    """
    places = [
        place.mapped(lambda at: (at + 0.5) / stride - 0.5)
        for place in frame_places(size, frame_size)
    ]
    return interpolate(scores, *places)


def interpolate(images, rows, columns):
    """Interpolates at the outer product of `rows` and `columns`.

    Args:
        images: float tensor `[B, H, W, C]`; zero outside.
        rows, columns: `Places`.

    Returns:
        Tensor `[B, rows, columns, C]` in the dtype of `images`.
    """
    if program_kind() == "xla":
        return _interpolate_by_xla(images, rows, columns)
    batch, height, width, channels = ops.shape(images)
    # Columns first: of an image that grows, those of its few rows.
    images = ops.reshape(images, (batch * height, width, channels))
    images = _interpolate_axis(images, columns)
    row = columns.count * channels
    images = ops.reshape(images, (batch, height, row))
    images = _interpolate_axis(images, rows)
    shape = (batch, rows.count, columns.count, channels)
    return ops.reshape(images, shape)


def _interpolate_axis(images, places):
    """Interpolates `[L, size, M]` along its middle axis.

    A block of the result is a matrix product with the few pixels that it is
    made of, so that the cost grows with the pixels, not with their square.
    """
    size = ops.shape(images)[1]
    block, reach = _blocks(places, size)
    if isinstance(reach, int) and reach == size:
        weights = _weights(places.at, np.arange(size), images.dtype)
        return ops.matmul(weights, images)
    blocks = -(-places.count // block)
    at, pixels = _places_and_pixels(places, size, blocks, block, reach)
    images = ops.take(images, pixels, axis=1)
    images = ops.matmul(_weights(at, pixels, images.dtype), images)
    lines, _, _, row = ops.shape(images)
    images = ops.reshape(images, (lines, blocks * block, row))
    if isinstance(block, int) and blocks * block == places.count:
        return images
    return ops.slice(images, (0, 0, 0), (lines, places.count, row))


def _blocks(places, size):
    """`(block, reach)`: places of a block, and pixels that it is made of.

    One block, made of all pixels, where that costs no more. The last block is
    as full as can be.
    """
    count, step = places.count, places.step
    if all(map(_is_known, (count, step, size))):
        block = min(min(_BLOCKS, key=lambda block: -count % block), count)
        reach = int(block * step) + 3
        return (count, size) if 2 * reach > size else (block, reach)
    blocks = ops.convert_to_tensor(_BLOCKS, "int32")
    block = ops.take(blocks, ops.argmin(ops.mod(-count, blocks)))
    block = ops.minimum(block, count)
    reach = ops.cast(as_float(block) * step, "int32") + 3
    is_one = 2 * reach > size
    return ops.where(is_one, count, block), ops.where(is_one, size, reach)


def _places_and_pixels(places, size, blocks, block, reach):
    """`[blocks, block]` and `[blocks, reach]`; arrays if all is known."""
    known = isinstance(places.at, np.ndarray)
    known = known and all(map(_is_known, (size, block, reach)))
    math = np if known else ops
    index = math.minimum(math.arange(blocks * block), places.count - 1)
    at = math.reshape(math.take(places.at, index, axis=0), (blocks, block))
    first = math.floor(at[:, :1])
    first = first.astype("int32") if known else ops.cast(first, "int32")
    return at, math.clip(first, 0, size - reach) + math.arange(reach)


def _interpolate_by_xla(images, rows, columns):
    """Columns by a matrix product, rows where the result is used.

    Of a single channel, that takes whole rows at a time. Of a wide image the
    columns are taken one by one, too.
    """
    batch, height, width, channels = ops.shape(images)
    images = ops.transpose(images, (0, 1, 3, 2))
    if width > _WIDE:
        images = _between_neighbours(images, columns, 3)
    else:
        at = ops.convert_to_tensor(columns.at)
        matrix = _weights(at, ops.arange(width), images.dtype)
        images = ops.reshape(images, (-1, width))
        images = ops.matmul(images, ops.transpose(matrix))
        images = ops.reshape(images, (batch, height, channels, -1))
    images = _between_neighbours(images, rows, 1)
    return ops.transpose(images, (0, 1, 3, 2))


def _between_neighbours(images, places, axis):
    last = ops.cast(ops.shape(images)[axis] - 1, "float32")
    total = 0.0
    for index, weight in neighbours(places.at, last, "zero"):
        weight = ops.reshape(weight, (-1, *(1 for _ in range(3 - axis))))
        weight = ops.cast(weight, images.dtype)
        total = total + ops.take(images, index, axis=axis) * weight
    return total


def _weights(at, pixels, dtype):
    """`[..., N, size]`: weights of the pixels; none for what lies outside."""
    known = all(isinstance(each, np.ndarray) for each in (at, pixels))
    math = np if known else ops
    at, pixels = math.expand_dims(at, -1), math.expand_dims(pixels, -2)
    if known:
        pixels = pixels.astype("float32")
    else:
        pixels = ops.cast(pixels, "float32")
    weights = math.maximum(1.0 - math.abs(at - pixels), 0.0)
    return ops.cast(weights, dtype)


def _is_known(number):
    return isinstance(number, (int, float))


def _at_least(number, least):
    if isinstance(number, numbers.Integral):
        return max(number, least)
    return ops.maximum(number, least)
