"""Values of a JSON document as tensors.

The types come from the model's signature, the shapes from the nesting of the
lists (the first element of each list counts).
"""

import base64
import itertools
import math

import numpy as np

from accel_tf.serving.json_numbers import MAX_RANK, NumberBox
from accel_tf.serving.json_parsing import preview, type_name
from accel_tf.serving.tensors import ServingError, invalid, numpy_type

_INTEGERS = {
    # Eight and sixteen bits are checked as 32 bits and then wrap around.
    "int8": (-(2**31), 2**31 - 1),
    "int16": (-(2**31), 2**31 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "uint8": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
}
_SPACES = str.maketrans("", "", " \t\n\r\v\f")


def decode_tensor(value, dtype):
    """Decodes a tensor: a value, or nested lists of values.

    Args:
        value: what the parser gave; or a `NumberBox`, or a list of such, all
            of one shape.
        dtype: type of the tensor, a name as in `TensorInfo.dtype`.

    Returns:
        An array. Strings are arrays of the type object that hold `bytes`.

    Raises:
        ServingError: INVALID_ARGUMENT; a value has another type or the lists
            are no box. UNIMPLEMENTED; JSON cannot hold the type.
    """
    if isinstance(value, NumberBox):
        return _of_box(value, dtype)
    shape = _shape_of(value)
    return _convert(_flatten(value, shape), dtype).reshape(shape)


def _of_box(box, dtype):
    _, fault = first_fault(box, dtype)
    if fault:
        raise fault
    with np.errstate(over="ignore", under="ignore"):
        return box.values.astype(numpy_type(dtype), copy=False)


def first_fault(box, dtype, row_size=None):
    """Looks at whether numbers are what a tensor takes.

    Args:
        box: a `NumberBox`.
        dtype: type of the tensor, a name as in `TensorInfo.dtype`.
        row_size: numbers in a row, whose first faulty one is looked for; by
            default all are one row.

    Returns:
        The number of the row and a `ServingError`; 0 and None if all are.
    """
    if dtype in ("float", "double"):
        return 0, None
    if dtype not in _INTEGERS:
        try:
            _convert([box.first], dtype)
        except ServingError as error:
            return 0, error
    low, high = _INTEGERS[dtype]
    flat = box.values.reshape(-1)
    outside = (flat < low) | (flat > high)
    first = int(outside.argmax()) if outside.any() else None
    # In one row a wrong type counts before a wrong size.
    row_size = row_size or max(1, flat.size)
    rows = [
        None if i is None else i // row_size for i in (box.first_float, first)
    ]
    if rows[0] is not None and (rows[1] is None or rows[0] <= rows[1]):
        return rows[0], _wrong_type(float(flat[box.first_float]), dtype)
    if first is None:
        return 0, None
    return rows[1], _wrong_type(int(flat[first]), dtype)


def _shape_of(value):
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        if len(shape) > MAX_RANK:
            raise invalid(f"A tensor has more than {MAX_RANK} dimensions")
        if not value:
            break
        value = value[0]
    return tuple(shape)


def _flatten(value, shape):
    items = [value]
    for level, size in enumerate(shape):
        if set(map(type, items)) - {list}:
            item = next(item for item in items if not isinstance(item, list))
            raise invalid(
                f"JSON Value: {preview(item)} at level: {level} is not a list "
                f"of expected size: {size}"
            )
        if set(map(len, items)) - {size}:
            found = next(len(item) for item in items if len(item) != size)
            raise invalid(
                f"Encountered list at unexpected size: {found} at level: "
                f"{level} expected size: {size}"
            )
        items = list(itertools.chain.from_iterable(items))
    if list in set(map(type, items)):
        raise invalid(
            f"Encountered list at unexpected level: {len(shape)} where a "
            "value is expected"
        )
    return items


def _convert(items, dtype):
    if dtype == "string":
        array = np.empty(len(items), object)
        array[:] = [decode_string(item) for item in items]
        return array
    if dtype == "bool":
        _check_types(items, {bool}, dtype)
        return np.array(items, bool)
    if dtype in ("float", "double"):
        _check_types(items, {int, float}, dtype)
        with np.errstate(over="ignore", under="ignore"):
            return _float64(items).astype(numpy_type(dtype))
    if dtype in _INTEGERS:
        _check_types(items, {int}, dtype)
        low, high = _INTEGERS[dtype]
        if items and (min(items) < low or max(items) > high):
            raise _wrong_type(
                next(item for item in items if not low <= item <= high), dtype
            )
        wide = np.uint64 if dtype == "uint64" else np.int64
        return np.array(items, wide).astype(numpy_type(dtype))
    raise ServingError(
        "UNIMPLEMENTED",
        f"Conversion of JSON Value: {preview(items[0] if items else [])} to "
        f"type: {dtype}",
    )


def _check_types(items, types, dtype):
    # By `type`, not `isinstance`: a bool is an int to Python, not to JSON.
    if set(map(type, items)) - types:
        raise _wrong_type(
            next(item for item in items if type(item) not in types), dtype
        )


def _wrong_type(item, dtype):
    return invalid(
        f"JSON Value: {preview(item)} Type: {type_name(item)} is not of "
        f"expected type: {dtype}"
    )


def _float64(items):
    try:
        return np.array(items, np.float64)
    except OverflowError:
        return np.array([_to_float(item) for item in items])


def _to_float(number):
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def is_base64(value):
    """Whether a parsed value is an object that stands for binary data."""
    return (
        isinstance(value, dict)
        and len(value) == 1
        and isinstance(value.get("b64"), str)
    )


def decode_string(value):
    """Decodes an element of a string tensor: a string or `{"b64": ...}`.

    Returns:
        bytes.

    Raises:
        ServingError: INVALID_ARGUMENT; it is neither, or the string is not
            base64 or no valid Unicode.
    """
    if isinstance(value, str):
        try:
            return value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise invalid(
                "JSON Parse error: The surrogate pair in string is invalid."
            ) from error
    if is_base64(value):
        return _decode_base64(value["b64"])
    if isinstance(value, dict):
        raise invalid(
            f"JSON Value: {preview(value)} not formatted correctly for base64 "
            "data"
        )
    raise _wrong_type(value, "string")


def _decode_base64(text):
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        pass
    # Spaces between the characters and missing padding are no mistakes.
    text = text.translate(_SPACES)
    if not text.endswith("="):
        text += "=" * (-len(text) % 4)
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise invalid("Unable to base64 decode") from error
