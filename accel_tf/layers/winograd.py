"""3x3, and strided 5x5, convolution from fewer multiplications."""

import functools
import itertools
import math

import keras
import numpy as np
from keras import ops

# Where the polynomials are evaluated, beside zero and infinity. Nearer to
# one than the usual 1 and 2: a third of their rounding error.
_POINTS = (0.0, 5 / 8, -5 / 8, 5 / 4, -5 / 4)
TILE, WINDOW = 4, 6
_PART = 2**13


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
    taps = kernel.reshape(3, 3, -1)
    size = taps.shape[-1]
    products = np.empty((WINDOW, WINDOW, size), "float32")
    # In parts that stay in the processor's cache. The threads of a matrix
    # product would wait for each other longer than they compute.
    for start in range(0, size, _PART):
        part = np.s_[..., start : start + _PART]
        rows = _combinations(_TAPS, taps[part].astype("float64"))
        for row, product in zip(rows, products, strict=True):
            product[part] = _combinations(_TAPS, row)
    return products.reshape(WINDOW**2, *kernel.shape[2:])


def transform_strided_kernel(kernel):
    """What `winograd_strided_conv2d` takes; almost six times as large.

    Args:
        kernel: array `[5, 5, C, filters]`.

    Returns:
        float32 array `[36, 4 * C, filters]`.
    """
    channels, filters = kernel.shape[2:]
    kernel = np.pad(kernel, ((0, 1), (0, 1), (0, 0), (0, 0)))
    kernel = kernel.reshape(3, 2, 3, 2, channels, filters)
    kernel = kernel.transpose(0, 2, 1, 3, 4, 5)
    return transform_kernel(kernel.reshape(3, 3, 4 * channels, filters))


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
    _, height, width, _ = ops.shape(inputs)
    d = dilation_rate
    x = _cut_into_grids(inputs, -(-height // d), -(-width // d), d, before=d)
    return _convolve(x, kernel)[:, :height, :width]


def winograd_strided_conv2d(inputs, kernel):
    """5x5 convolution with stride 2 and nothing around.

    The four grids of every other pixel are channels of one map, on which it
    is a 3x3 convolution with stride 1.

    Args:
        inputs: float32 tensor `[B, H, W, C]`.
        kernel: from `transform_strided_kernel`.

    Returns:
        float32 tensor `[B, (H - 3) // 2, (W - 3) // 2, filters]`.
    """
    _, height, width, _ = ops.shape(inputs)
    height, width = (height - 3) // 2, (width - 3) // 2
    x = _cut_into_grids(inputs, height, width, 2)
    batch, rows, _, columns, _, channels = ops.shape(x)
    x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
    x = ops.reshape(x, (batch, rows, 1, columns, 1, 4 * channels))
    return _convolve(x, kernel)[:, :height, :width]


def is_worth_it(shape, filters, dilation_rate=1):
    """Whether `winograd_conv2d` is the faster way on a CPU.

    Args:
        shape: of the inputs; a size may be `None`.
        filters: output channels.
        dilation_rate: distance of the taps in pixels.
    """
    _, *sizes, channels = shape
    return _costs_less(sizes, channels, filters, dilation_rate, 9)


def is_worth_it_strided(shape, filters):
    """Whether `winograd_strided_conv2d` is the faster way on a CPU.

    Args:
        shape: of the inputs; a size may be `None`.
        filters: output channels.
    """
    _, *sizes, channels = shape
    sizes = [size and (size - 3) // 2 for size in sizes]
    return _costs_less(sizes, 4 * channels, filters, 1, 25 / 4)


def _costs_less(sizes, channels, filters, grids, taps):
    """Whether 36 products for 16 outputs cost less than `taps` for each.

    Args:
        sizes: height and width of the outputs; one may be `None`.
        channels, filters: of the 3x3 convolution.
        grids: interleaved ones along each axis.
        taps: products of the plain convolution, for each of those channels.
    """
    if None in sizes:
        return False
    step = TILE * grids
    padded = math.prod(-(-size // step) * step for size in sizes)
    # In units of one multiply-addition, measured: moving the maps between
    # the forms costs 120 for each value, reading the kernel 1,300.
    products = channels * filters
    moving = 120 * (channels + filters)
    cost = (36 / 16 * products + moving) * padded + 1300 * products
    return cost < 7 / 9 * taps * products * math.prod(sizes)


def _cut_into_grids(inputs, height, width, grids, before=0):
    """`grids**2` interleaved grids of whole windows, filled up with zeros.

    Args:
        inputs: tensor `[B, H, W, C]`.
        height, width: of the outputs that a grid has.
        grids: along each axis.
        before: rows, and columns, of zeros before the first.

    Returns:
        tensor `[B, 4 * rows + 2, grids, 4 * columns + 2, grids, C]`, for
        so many rows and columns of tiles.
    """
    batch, *sizes, channels = ops.shape(inputs)
    whole = [
        -(-size // TILE) * TILE + WINDOW - TILE for size in (height, width)
    ]
    paddings = [
        (before, number * grids - size - before)
        for number, size in zip(whole, sizes, strict=True)
    ]
    x = ops.pad(inputs, ((0, 0), *paddings, (0, 0)))
    height, width = whole
    return ops.reshape(x, (batch, height, grids, width, grids, channels))


def _convolve(x, kernel):
    """The convolution of grids, of some rows of tiles at a time.

    What is between the steps then stays in the processor's cache.

    Args:
        x: from `_cut_into_grids`.
        kernel: tensor `[36, C, filters]`.

    Returns:
        tensor `[B, H, W, filters]`, of whole tiles.
    """
    rows, columns = (x.shape[axis] // TILE for axis in (1, 3))
    tiles_in_row = columns * x.shape[2] ** 2
    pieces = -(-rows * tiles_in_row // _tiles_at_once(*kernel.shape[1:]))
    if pieces <= 1 or x.shape[0] is None:
        return _convolve_at_once(x, kernel)
    pieces = min(pieces, rows)
    bounds = [rows * piece // pieces * TILE for piece in range(pieces + 1)]

    def convolve_image(image):
        # Slices of the first axis are not copied.
        parts = [
            image[start : stop + WINDOW - TILE]
            for start, stop in itertools.pairwise(bounds)
        ]
        parts = [_convolve_at_once(part[None], kernel)[0] for part in parts]
        return ops.concatenate(parts)

    return ops.stack([convolve_image(image) for image in ops.unstack(x)])


def _tiles_at_once(channels, filters):
    """Measured: for 4.7 MB of windows and products, or twice the kernel."""
    return max(2**15, 2 * channels * filters) // (channels + filters)


def _convolve_at_once(x, kernel):
    """`_convolve` without cutting it up."""
    x = _compiled_by_xla(_transform_windows)(x)
    _, _, batch, rows, d, columns, _, channels = ops.shape(x)
    x = ops.matmul(ops.reshape(x, (WINDOW**2, -1, channels)), kernel)
    matrix = ops.convert_to_tensor(np.kron(_PRODUCTS, _PRODUCTS), x.dtype)
    x = ops.matmul(matrix, ops.reshape(x, (WINDOW**2, -1)))
    filters = kernel.shape[-1]
    x = ops.reshape(x, (TILE, TILE, batch, rows, d, columns, d, filters))
    x = ops.transpose(x, (2, 3, 0, 4, 5, 1, 6, 7))
    return ops.reshape(x, (batch, rows * TILE * d, columns * TILE * d, filters))


def _transform_windows(x):
    """Grids `[B, 4 * rows + 2, d, 4 * columns + 2, d, C]` to windows.

    A window is a tile and the first two rows, or columns, of the next.

    Returns:
        tensor `[6, 6, B, rows, d, columns, d, C]`.
    """
    height, width = (x.shape[axis] - WINDOW + TILE for axis in (1, 3))
    rows = [x[:, i : i + height : TILE] for i in range(WINDOW)]
    windows = []
    for row in _combinations(_INPUTS, rows):
        columns = [row[:, :, :, j : j + width : TILE] for j in range(WINDOW)]
        windows.append(ops.stack(_combinations(_INPUTS, columns)))
    # Six of six: XLA is a third slower with 36 at once.
    return ops.stack(windows)


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
