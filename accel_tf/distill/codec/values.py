"""The values of an update as bytes.

Arithmetic is float32 number by number, so that every machine gets the same
weights. A scale for each tensor keeps float16 from overflow and int8 fine.
"""

import numpy as np

from accel_tf.distill.codec.errors import UpdateError

MOST_STEPS = 127  # Up or down; of int8.
_HALF_MOST = 65504  # The largest float16.
_HALF_LEAST = 2.0**-8  # Below, the small weights of a tensor lose precision.
_SCALE_LEAST = 2.0**-126  # The least float32 of full precision.
_WIDTHS = {"float32": 4, "float16": 2, "int8": 1}


def kind_of_statistics(kind):
    """How statistics of batch normalisation go with weights of a kind."""
    return "float16" if kind == "int8" else kind


def values_size(kind, count, tensors):
    """Bytes of `count` values in `tensors` tensors before compression."""
    scales = 0 if kind == "float32" else 4 * tensors
    return _WIDTHS[kind] * count + scales


def encode_values(kind, delta, before, target, counts, steps=MOST_STEPS):
    """Codes weights of some tensors.

    Args:
        kind: `"float32"`, `"float16"` or `"int8"`.
        delta: whether differences from `before` are written. Of float32 and
            float16 they are differences of the numbers' places among all
            numbers of that type: what comes out is the same as without.
        before: float32 array `[n]`, the weights that the client has.
        target: float32 array `[n]`, finite.
        counts: int array, how many of the values are of each tensor, in
            order; tensors without any are left out.
        steps: of int8, how many make up a tensor's largest change.

    Returns:
        bytes.

    Raises:
        UpdateError: `"finite"` if a change is beyond float32.
    """
    if kind == "float32":
        words = target.view(np.uint32)
        if delta:
            words = words - before.view(np.uint32)
        return _to_planes(words)
    base = before if delta else np.zeros_like(before)
    starts = np.cumsum(counts) - counts
    if kind == "float16":
        scales = _half_scales(base, target, starts)
        scale = np.repeat(scales, counts)
        steps = _to_steps(target / scale)
        if delta:
            steps = steps - _to_steps(base / scale)
        coded = _to_planes(_fold(steps))
    else:
        with np.errstate(over="ignore"):
            change = target - base
        if not np.isfinite(change).all():
            raise UpdateError(
                "finite", "a weight's change is beyond the range of float32."
            )
        scales = _byte_scales(change, starts, steps)
        scale = np.repeat(scales, counts)
        coded = np.rint(change / scale).astype(np.int8).tobytes()
    return _to_planes(scales.view(np.uint32)) + coded


def decode_values(kind, delta, before, data, counts):
    """The weights that `encode_values` stands for.

    Args:
        kind, delta, before, counts: as `encode_values`.
        data: bytes of the length that `values_size` tells.

    Returns:
        float32 array `[n]`; what is not finite in it is for the caller to
        refuse.

    Raises:
        UpdateError: `"damaged"` or `"finite"` for a scale that no encoder
            writes.
    """
    if kind == "float32":
        words = _from_planes(data, np.uint32)
        if delta:
            words = words + before.view(np.uint32)
        return words.view(np.float32)
    split = 4 * len(counts)
    scales = _from_planes(data[:split], np.uint32).view(np.float32)
    if not np.isfinite(scales).all():
        raise UpdateError("finite", "a scale of the update is not finite.")
    if np.any(scales < _SCALE_LEAST):
        raise UpdateError("damaged", "a scale of the update is not positive.")
    scale = np.repeat(scales, counts)
    # What overflows gives infinity or NaN, which the caller refuses.
    with np.errstate(over="ignore", invalid="ignore"):
        if kind == "int8":
            change = np.frombuffer(data[split:], np.int8) * scale
            return before + change if delta else change
        steps = _unfold(_from_planes(data[split:], np.uint16))
        if delta:
            steps = steps + _to_steps(before / scale)
        return _from_steps(steps) * scale


def _half_scales(base, target, starts):
    """Powers of two that bring each tensor's values into float16's range.

    Most are 1, with which the weights are those that the original sends.
    """
    most = _largest(np.maximum(np.abs(base), np.abs(target)), starts)
    exponents = np.frexp(most)[1]
    scales = np.maximum(np.ldexp(1.0, exponents - 15), _SCALE_LEAST)
    fits = (most <= _HALF_MOST) & (most >= _HALF_LEAST) | (most == 0)
    return np.where(fits, 1, scales).astype(np.float32)


def _byte_scales(change, starts, steps):
    """A step of each tensor's largest change, rounded up to 8 bits."""
    most = _largest(np.abs(change), starts).astype(np.float64) / steps
    digits, exponents = np.frexp(most)
    scales = np.ldexp(np.ceil(digits * 256) / 256, exponents)
    return np.maximum(scales, _SCALE_LEAST).astype(np.float32)


def _largest(values, starts):
    return np.maximum.reduceat(values, starts) if len(starts) else values


def _to_steps(values):
    """Places of float16 numbers in their order, int16; 0 stands for zero."""
    words = values.astype(np.float16).view(np.int16)
    size = words & np.int16(0x7FFF)
    return np.where(words < 0, -size, size)


def _from_steps(steps):
    """float32 of the places of `_to_steps`."""
    words = np.abs(steps) | (steps & np.int16(-0x8000))
    return words.view(np.float16).astype(np.float32)


def _fold(steps):
    """0, -1, 1, -2, ... as 0, 1, 2, 3, ..., uint16."""
    return ((steps << 1) ^ (steps >> 15)).view(np.uint16)


def _unfold(words):
    signs = -(words & np.uint16(1)).view(np.int16)
    return (words >> 1).view(np.int16) ^ signs


def _to_planes(words):
    """The bytes of unsigned numbers, all highest ones first."""
    rows = words.astype(words.dtype.newbyteorder(">")).view(np.uint8)
    return rows.reshape(-1, words.itemsize).T.tobytes()


def _from_planes(data, dtype):
    wide = np.dtype(dtype).newbyteorder(">")
    rows = np.frombuffer(data, np.uint8).reshape(wide.itemsize, -1)
    return np.ascontiguousarray(rows.T).view(wide).ravel().astype(dtype)
