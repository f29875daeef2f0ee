"""Answers: arrays in, JSON out, numbers written as TensorFlow Serving does."""

import base64
import json
import math

import numpy as np

from accel_tf.serving.tensors import dtype_name, invalid

# Significant digits that tell every number of the type from its neighbours.
_EXACT_DIGITS = {"float": 9, "double": 17}
_INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint32", "uint64")
_MAX_MESSAGE = 2000


def encode_predict_response(outputs, is_row):
    """Writes the answer of a predict request.

    Args:
        outputs: Name of the output -> array. Strings are arrays that hold
            `bytes`; a name that ends in `_bytes` marks binary data, written
            as `{"b64": ...}`.
        is_row: Whether to write rows, `{"predictions": [...]}`, for which
            every array needs the same first dimension; else columns,
            `{"outputs": ...}`. With one output its name is left out.

    Returns:
        bytes, UTF-8. Strings that are not UTF-8 are written as they are.

    Raises:
        ServingError: INVALID_ARGUMENT; an array has a type that JSON cannot
            hold, or they do not form rows.
    """
    if not outputs:
        raise invalid("Cannot convert empty tensor map to JSON")
    outputs = {name: np.asarray(array) for name, array in outputs.items()}
    tokens = {
        name: _tokens(name, array.reshape(-1))
        for name, array in outputs.items()
    }
    if is_row:
        _check_rows(outputs)
        columns = {
            name: _nest(tokens[name], array.shape, 1)
            for name, array in outputs.items()
        }
        if len(columns) == 1:
            (rows,) = columns.values()
        else:
            rows = [
                _object(zip(columns, row, strict=True))
                for row in zip(*columns.values(), strict=True)
            ]
        text = '{"predictions": [' + ", ".join(rows) + "]}"
    else:
        columns = {
            name: _nest(tokens[name], array.shape, 0)[0]
            for name, array in outputs.items()
        }
        if len(columns) == 1:
            (value,) = columns.values()
        else:
            value = _object(columns.items())
        text = '{"outputs": ' + value + "}"
    return text.encode("utf-8", "surrogateescape")


def encode_error(message):
    """Writes the body of every answer that is an error.

    Args:
        message: what went wrong. A very long one is cut.

    Returns:
        bytes, `{"error":"..."}`.
    """
    if len(message) > _MAX_MESSAGE:
        message = message[:_MAX_MESSAGE] + "..."
    text = json.dumps(
        {"error": message}, ensure_ascii=False, separators=(",", ":")
    )
    # A name in the message may hold half of a surrogate pair.
    return text.encode("utf-8", "replace")


def _check_rows(outputs):
    size = None
    for name, array in outputs.items():
        if not array.ndim:
            raise invalid(f"Tensor name: {name} has no shape information")
        if size is None:
            size = len(array)
        elif len(array) != size:
            raise invalid(
                f"Tensor name: {name} has inconsistent batch size: "
                f"{len(array)} expecting: {size}"
            )


def _object(members):
    return (
        "{"
        + ", ".join(f"{_quote(name)}: {value}" for name, value in members)
        + "}"
    )


def _nest(tokens, shape, first_axis):
    """Puts brackets around the lists of all dimensions from `first_axis` on."""
    for axis in reversed(range(first_axis, len(shape))):
        size = shape[axis]
        tokens = [
            "[" + ", ".join(tokens[start * size : (start + 1) * size]) + "]"
            for start in range(math.prod(shape[:axis]))
        ]
    return tokens


def _tokens(name, flat):
    dtype = dtype_name(flat)
    if dtype == "string":
        if name.endswith("_bytes"):
            return [_base64_object(value) for value in flat.tolist()]
        return string_tokens(flat)
    if dtype == "bool":
        return ["true" if value else "false" for value in flat.tolist()]
    if dtype in _EXACT_DIGITS:
        return float_tokens(flat)
    if dtype in _INTEGERS:
        return [str(value) for value in flat.tolist()]
    raise invalid(f"Failed to write JSON value for tensor type: {dtype}")


def float_tokens(flat):
    """Writes floating-point numbers with six digits, or all where it matters.

    Args:
        flat: float32 or float64 array `[N]`.

    Returns:
        A list of N strings that are JSON numbers with a decimal point or an
        exponent, or NaN, Infinity or -Infinity.
    """
    values = flat.astype(np.float64).tolist()
    tokens = [f"{value:.6g}" for value in values]
    with np.errstate(over="ignore", under="ignore"):
        read_back = np.array(tokens, np.float64).astype(flat.dtype)
    digits = _EXACT_DIGITS[dtype_name(flat)]
    for index in np.flatnonzero(read_back != flat).tolist():
        tokens[index] = f"{values[index]:.{digits}g}"
    for index in np.flatnonzero(~np.isfinite(flat)).tolist():
        tokens[index] = {"inf": "Infinity", "-inf": "-Infinity"}.get(
            tokens[index], "NaN"
        )
    return [
        token
        if "." in token or "e" in token or token[-1] in "Ny"
        else token + ".0"
        for token in tokens
    ]


def string_tokens(flat):
    """Writes byte strings as JSON strings.

    Args:
        flat: array `[N]` of bytes or str. Bytes that are not UTF-8 become
            surrogates, to be encoded with `errors="surrogateescape"`.

    Returns:
        A list of N strings.
    """
    return [
        _quote(
            value.decode("utf-8", "surrogateescape")
            if isinstance(value, bytes)
            else value
        )
        for value in flat.tolist()
    ]


def _quote(text):
    return json.dumps(text, ensure_ascii=False)


def _base64_object(value):
    if isinstance(value, str):
        value = value.encode("utf-8")
    return '{"b64": "' + base64.b64encode(value).decode("ascii") + '"}'
