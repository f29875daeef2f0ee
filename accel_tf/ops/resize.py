"""Bilinear resizing as two small matrix products, the same on any backend."""

from keras import ops

from accel_tf.ops.kernels import program_kind
from accel_tf.ops.sampling import neighbours


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
    positions = []
    for index, new, old in zip(
        frame_places(size, frame_size),
        size if frame_size is None else frame_size,
        ops.shape(images)[1:3],
        strict=True,
    ):
        last = ops.cast(old - 1, "float32")
        if align_corners:
            scale = last / ops.cast(ops.maximum(new - 1, 1), "float32")
            position = index * scale
        else:
            scale = (last + 1.0) / ops.cast(new, "float32")
            position = (index + 0.5) * scale - 0.5
        positions.append(ops.clip(position, 0.0, last))
    return interpolate(images, *positions)


def frame_places(size, frame_size=None):
    """Where the pixels of a result lie in the frame that it is of.

    Args:
        size: `(height, width)` of the result.
        frame_size: `(height, width)` of the frame, if the result is at once
            brought from that to another size; its edges are repeated.

    Returns:
        Two float32 vectors `[height]` and `[width]`: rows and columns of the
        frame, 0 in the middle of the first.
    """
    rows_and_columns = []
    for axis, new in enumerate(size):
        place = ops.cast(ops.arange(new), "float32")
        if frame_size is not None:
            old = ops.cast(frame_size[axis], "float32")
            place = (place + 0.5) * (old / ops.cast(new, "float32")) - 0.5
            place = ops.clip(place, 0.0, old - 1.0)
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
    positions = [
        (place + 0.5) / stride - 0.5 for place in frame_places(size, frame_size)
    ]
    return interpolate(scores, *positions)


def interpolate(images, rows, columns):
    """Interpolates at the outer product of `rows` and `columns`."""
    if program_kind() == "xla":
        return _interpolate_by_xla(images, rows, columns)
    batch, height, width, channels = ops.shape(images)
    row_matrix = _interpolation_matrix(rows, height, images.dtype)
    column_matrix = _interpolation_matrix(columns, width, images.dtype)
    new_height, new_width = ops.shape(rows)[0], ops.shape(columns)[0]
    images = ops.reshape(images, (batch, height, width * channels))
    images = ops.matmul(row_matrix, images)
    images = ops.reshape(images, (batch * new_height, width, channels))
    images = ops.matmul(column_matrix, images)
    return ops.reshape(images, (batch, new_height, new_width, channels))


def _interpolate_by_xla(images, rows, columns):
    """Columns by a matrix product, rows where the result is used.

    Of a single channel, that takes whole rows at a time.
    """
    batch, height, width, channels = ops.shape(images)
    matrix = _interpolation_matrix(columns, width, images.dtype)
    images = ops.transpose(images, (0, 1, 3, 2))
    images = ops.reshape(images, (-1, width))
    images = ops.matmul(images, ops.transpose(matrix))
    images = ops.reshape(images, (batch, height, channels, -1))
    total = 0.0
    last = ops.cast(height - 1, "float32")
    for index, weight in neighbours(rows, last, "zero"):
        weight = ops.cast(ops.reshape(weight, (-1, 1, 1)), images.dtype)
        total = total + ops.take(images, index, axis=1) * weight
    return ops.transpose(total, (0, 1, 3, 2))


def _interpolation_matrix(positions, size, dtype):
    """`[N, size]`: weights of the pixels; none for what lies outside."""
    pixels = ops.cast(ops.arange(size), "float32")
    distance = ops.abs(ops.expand_dims(positions, 1) - pixels)
    return ops.cast(ops.relu(1.0 - distance), dtype)
