"""Answers: arrays in, JSON out, numbers written as TensorFlow Serving does."""

import base64
import json
import math

import numpy as np

from accel_tf.serving.current_request import check_client, reserve
from accel_tf.serving.tensors import dtype_name, invalid

# Significant digits that tell every number of the type from its neighbours.
_EXACT_DIGITS = {"float": 9, "double": 17}
_INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint32", "uint64")
# Of a number and what follows it.
_CHARACTERS = {"float": 12, "double": 20, "int64": 12, "uint64": 12}
_MAX_MESSAGE = 2000
# Values that are written at a time: strings take some ten times the text.
_PIECE = 2**13


def encode_predict_response(outputs, is_row, max_bytes=None):
    """Writes the answer of a predict request.

    Args:
        outputs: Name of the output -> array. Strings are arrays that hold
            `bytes`; a name that ends in `_bytes` marks binary data, written
            as `{"b64": ...}`.
        is_row: Whether to write rows, `{"predictions": [...]}`, for which
            every array needs the same first dimension; else columns,
            `{"outputs": ...}`. With one output its name is left out.
        max_bytes: most bytes of an answer, which is estimated before; `None`
            for any number.

    Returns:
        bytes, UTF-8. Strings that are not UTF-8 are written as they are.

    Raises:
        ServingError: INVALID_ARGUMENT; an array has a type that JSON cannot
            hold, or they do not form rows, or the answer would be too large.
            RESOURCE_EXHAUSTED; the server has no room for it at the moment.
    """
    if not outputs:
        raise invalid("Cannot convert empty tensor map to JSON")
    outputs = {name: np.asarray(array) for name, array in outputs.items()}
    if is_row:
        _check_rows(outputs)
    _check_size(outputs, max_bytes)
    pieces = _rows(outputs) if is_row else _columns(outputs)
    return b"".join(_encoded(pieces))


def _encoded(pieces):
    for piece in pieces:
        check_client()
        yield piece.encode("utf-8", "surrogateescape")


def _check_size(outputs, max_bytes):
    size = sum(_estimated_bytes(array) for array in outputs.values())
    if max_bytes is not None and size > max_bytes:
        raise invalid(
            f"The answer would have about {size} bytes, and may have "
            f"{max_bytes}: ask for less at a time"
        )
    reserve(size)


def _estimated_bytes(array):
    """What an array takes as text, about."""
    lists = sum(math.prod(array.shape[:axis]) for axis in range(array.ndim))
    dtype = dtype_name(array)
    if dtype == "string":
        each = sum(4 + 4 * len(value) // 3 for value in array.flat)
    else:
        each = _CHARACTERS.get(dtype, 8) * array.size
    return each + 4 * lists


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


def _rows(outputs):
    yield '{"predictions": '
    if len(outputs) == 1:
        ((name, array),) = outputs.items()
        yield from _pieces(name, array)
    else:
        yield "["
        yield from _objects(outputs)
        yield "]"
    yield "}"


def _objects(outputs):
    (count,) = {len(array) for array in outputs.values()}
    values = sum(map(_row_size, outputs.values()))
    step = _PIECE // max(1, values)
    for start in range(0, count, max(1, step)):
        yield ", " if start else ""
        if not step:
            row = {name: array[start] for name, array in outputs.items()}
            yield from _members(row)
            continue
        columns = {
            name: _lists(name, array[start : start + step])
            for name, array in outputs.items()
        }
        yield ", ".join(
            _object(zip(columns, row, strict=True))
            for row in zip(*columns.values(), strict=True)
        )


def _columns(outputs):
    yield '{"outputs": '
    if len(outputs) == 1:
        ((name, array),) = outputs.items()
        yield from _pieces(name, array)
    else:
        yield from _members(outputs)
    yield "}"


def _members(outputs):
    separator = "{"
    for name, array in outputs.items():
        yield f"{separator}{_quote(name)}: "
        yield from _pieces(name, np.asarray(array))
        separator = ", "
    yield "}"


def _object(members):
    return (
        "{"
        + ", ".join(f"{_quote(name)}: {value}" for name, value in members)
        + "}"
    )


def _pieces(name, array):
    """The text of an array, in parts of some thousand values."""
    if not array.ndim:
        yield from _tokens(name, array.reshape(-1))
        return
    yield "["
    step = _PIECE // max(1, _row_size(array))
    for start in range(0, len(array), max(1, step)):
        yield ", " if start else ""
        if step:
            yield ", ".join(_lists(name, array[start : start + step]))
        else:
            yield from _pieces(name, array[start])
    yield "]"


def _row_size(array):
    return math.prod(array.shape[1:])


def _lists(name, array):
    """The text of each row of an array."""
    tokens = _tokens(name, array.reshape(-1))
    for axis in reversed(range(1, array.ndim)):
        size = array.shape[axis]
        tokens = [
            "[" + ", ".join(tokens[start * size : (start + 1) * size]) + "]"
            for start in range(math.prod(array.shape[:axis]))
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
