"""3x3 convolution from a quarter of the multiplications."""

import functools

import keras
import numpy as np
from keras import ops

# Where the polynomials are evaluated, beside zero and infinity. Nearer to
# one than the usual 1 and 2: a third of their rounding error.
_POINTS = (0.0, 5 / 8, -5 / 8, 5 / 4, -5 / 4)
TILE, WINDOW = 4, 6


def _transforms():
    """Of six inputs, of three taps, and of six products to four outputs."""
    of_inputs = np.zeros((WINDOW, WINDOW))
    of_taps = np.zeros((WINDOW, 3))
    of_products = np.zeros((TILE, WINDOW))
    for index, point in enumerate(_POINTS):
        others = [other for other in _POINTS if other != point]
        # Coefficients of the polynomial with these roots, constant first.
        of_inputs[index, : WINDOW - 1] = np.poly(others)[::-1]
        scale = np.prod([other - point for other in others])
        of_taps[index] = point ** np.arange(3) / scale
        of_products[:, index] = point ** np.arange(TILE)
    of_inputs[-1] = np.poly(_POINTS)[::-1]
    of_taps[-1, -1] = of_products[-1, -1] = 1.0
    return of_inputs, of_taps, of_products


_INPUTS, _TAPS, _PRODUCTS = _transforms()


def transform_kernel(kernel):
    """What `winograd_conv2d` takes; four times as large.

    Args:
        kernel: array `[3, 3, C, filters]`.

    Returns:
        float32 array `[36, C, filters]`.
    """
    kernel = np.einsum(
        "ai,bj,ijcf->abcf",
        _TAPS,
        _TAPS,
        kernel.astype("float64"),
        optimize=True,
    )
    return kernel.reshape(WINDOW**2, *kernel.shape[2:]).astype("float32")


def winograd_conv2d(inputs, kernel, dilation_rate=1):
    """3x3 convolution with stride 1 and zeros around, to float32 noise.

    Fast Algorithms for Convolutional Neural Networks (CVPR 2016, section
    4.3): tiles of 4x4 outputs, which need 36 products for each pair of
    channels where there were 144. The tiles of a dilated convolution are
    those of the interleaved grids on which it works.

    Args:
        inputs: float32 tensor `[B, H, W, C]`.
        kernel: from `transform_kernel`.
        dilation_rate: distance of the taps in pixels.

    Returns:
        float32 tensor `[B, H, W, filters]`.
    """
    batch, height, width, channels = ops.shape(inputs)
    d, filters = dilation_rate, kernel.shape[-1]
    rows, columns = (-(-size // (TILE * d)) for size in (height, width))

    def padding(size, tiles):
        return (d, TILE * d * (tiles + 1) - size - d)

    x = ops.pad(
        inputs,
        ((0, 0), padding(height, rows), padding(width, columns), (0, 0)),
    )
    x = ops.reshape(
        x, (batch, rows + 1, TILE, d, columns + 1, TILE, d, channels)
    )
    x = _compiled_by_xla(_transform_windows)(x)
    x = ops.matmul(ops.reshape(x, (WINDOW**2, -1, channels)), kernel)
    x = ops.reshape(x, (WINDOW, WINDOW, batch, rows, d, columns, d, filters))
    x = _on_second_axis(_PRODUCTS, _on_first_axis(_PRODUCTS, x))
    x = ops.transpose(x, (2, 3, 0, 4, 5, 1, 6, 7))
    x = ops.reshape(x, (batch, rows * TILE * d, columns * TILE * d, filters))
    return x[:, :height, :width]


def is_worth_it(shape, filters, dilation_rate):
    """Whether that is the faster way on a CPU.

    Args:
        shape: of the inputs; a size may be `None`.
        filters: output channels.
        dilation_rate: distance of the taps in pixels.
    """
    _, height, width, channels = shape
    if None in (height, width):
        return False
    step = TILE * dilation_rate
    padded = -(-height // step) * -(-width // step) * step**2
    # In units of one multiply-addition, measured: moving the maps between
    # the forms costs 250 for each value, reading the kernel 1,300.
    products = channels * filters
    moving = 250 * (channels + filters)
    cost = (36 / 16 * products + moving) * padded + 1300 * products
    return cost < 7 * products * height * width


def _transform_windows(x):
    """Tiles `[B, tiles + 1, 4, d, tiles + 1, 4, d, C]` to windows.

    A window is a tile and the first two rows, or columns, of the next.

    Returns:
        tensor `[6, 6, B, tiles, d, tiles, d, C]`.
    """
    rows = [
        x[:, i // TILE : i // TILE + x.shape[1] - 1, i % TILE]
        for i in range(WINDOW)
    ]
    x = ops.stack(_combinations(_INPUTS, rows), axis=0)
    columns = [
        x[:, :, :, :, j // TILE : j // TILE + x.shape[4] - 1, j % TILE]
        for j in range(WINDOW)
    ]
    return ops.stack(_combinations(_INPUTS, columns), axis=1)


def _combinations(matrix, tensors):
    """Sums of the tensors, weighted by the matrix' rows."""
    return [
        sum(
            factor * tensor
            for factor, tensor in zip(row.tolist(), tensors, strict=True)
            if factor
        )
        for row in matrix
    ]


@functools.cache
def _compiled_by_xla(function):
    """On TensorFlow; XLA writes what comes of many sums at once."""
    if keras.backend.backend() != "tensorflow":
        return function
    import tensorflow as tf

    return tf.function(function, jit_compile=True, autograph=False)


def _on_first_axis(matrix, x):
    shape = ops.shape(x)
    matrix = ops.convert_to_tensor(matrix, x.dtype)
    x = ops.matmul(matrix, ops.reshape(x, (shape[0], -1)))
    return ops.reshape(x, (matrix.shape[0], *shape[1:]))


def _on_second_axis(matrix, x):
    shape = ops.shape(x)
    matrix = ops.convert_to_tensor(matrix, x.dtype)
    x = ops.matmul(matrix, ops.reshape(x, (*shape[:2], -1)))
    return ops.reshape(x, (shape[0], matrix.shape[0], *shape[2:]))
