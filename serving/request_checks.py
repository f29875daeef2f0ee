"""Requests that ask for too much, found before their model runs."""

from accel_tf.serving.image_sizes import image_size
from accel_tf.serving.tensors import STREAM_INPUT, invalid


def check_inputs(inputs, limits):
    """Refuses what would take a model long, before it runs.

    Args:
        inputs: dict of name -> array; strings as `bytes` in arrays of the
            type object.
        limits: `RequestLimits`.

    Raises:
        ServingError: INVALID_ARGUMENT; there are too many rows, or an image
            file is too large, whatever its number of bytes.
    """
    strings = {name for name, each in inputs.items() if each.dtype == object}
    if strings or STREAM_INPUT in inputs:
        for name, array in inputs.items():
            _check_rows(name, array, limits.rows)
    pixels = 0
    for name in strings:
        for index, data in enumerate(inputs[name].flat):
            where = f"{name}[{index}]"
            try:
                size = image_size(data)
            except ValueError as error:
                raise invalid(f"{where} {error}") from error
            if size is not None:
                _check_size(where, size, limits)
                pixels += size[0] * size[1]
                _check_pixels(pixels, limits.pixels)


def _check_rows(name, array, limit):
    count = len(array) if array.ndim else 1
    if array.dtype == object:
        count = max(count, array.size)
    if count > limit:
        raise invalid(f"{name} has {count} rows; a request has at most {limit}")


def _check_size(name, size, limits):
    height, width = size
    longer, shorter = max(size), min(size)
    if longer > limits.image_side:
        raise invalid(
            f"{name} is {height}x{width}; a frame has sides of at most "
            f"{limits.image_side} pixels"
        )
    # One without a pixel is for the model to refuse.
    if shorter and longer > limits.image_aspect * shorter:
        raise invalid(
            f"{name} is {height}x{width}; a frame has a side of at most "
            f"{limits.image_aspect} times the other"
        )


def _check_pixels(pixels, limit):
    if pixels > limit:
        raise invalid(
            f"The request's images have more than {limit} pixels together; "
            "send fewer at a time"
        )
