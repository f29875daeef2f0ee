"""Predict requests: JSON in, arrays out."""

import dataclasses

import numpy as np

from accel_tf.serving.json_numbers import NumberBox
from accel_tf.serving.json_parsing import (
    parse_request_body,
    preview,
    type_name,
)
from accel_tf.serving.json_values import (
    decode_tensor,
    first_fault,
    is_base64,
)
from accel_tf.serving.tensors import ServingError, invalid


@dataclasses.dataclass(frozen=True)
class PredictRequest:
    """A predict request as arrays.

    Attributes:
        signature_name: Name of the signature, empty for the default one.
        inputs: Name of the input -> array. Strings are arrays of the type
            object that hold `bytes`.
        is_row: Whether the request came in row format (`instances`), and so
            wants its answer in it (`predictions`).
    """

    signature_name: str
    inputs: dict[str, np.ndarray]
    is_row: bool


def parse_predict_request(body, find_signature, memory=None):
    """Parses the body of a predict request.

    Args:
        body: bytes, the JSON text.
        find_signature: function that takes the name of a signature, empty if
            the request has none, and gives the `Signature`. It raises
            `ServingError` if there is no such model or signature.
        memory: bytes that the objects of the document may take, beside
            lists of numbers; by default as `check_memory` has it.

    Returns:
        A `PredictRequest`.

    Raises:
        ServingError: INVALID_ARGUMENT for text that is no such request,
            UNIMPLEMENTED for a tensor type that JSON cannot hold, and
            whatever `find_signature` raises.
    """
    document = parse_request_body(body, memory)
    signature_name = check_request(document)
    inputs = find_signature(signature_name).inputs
    is_row = "instances" in document
    if is_row and "inputs" in document:
        raise invalid(
            "Not formatted correctly: there are both 'instances' and "
            "'inputs', expecting exactly one of them"
        )
    if is_row:
        arrays = _decode_rows(document["instances"], inputs)
    elif "inputs" in document:
        arrays = _decode_columns(document["inputs"], inputs)
    else:
        raise invalid("Missing 'inputs' or 'instances' key")
    return PredictRequest(signature_name, arrays, is_row)


def check_request(document):
    """Looks at what all kinds of request have in common.

    Args:
        document: what the parser gave.

    Returns:
        The name of the request's signature, empty if it has none.

    Raises:
        ServingError: INVALID_ARGUMENT; the document is no request.
    """
    if not isinstance(document, dict):
        raise invalid(f"JSON Value: {preview(document)} Is not object")
    signature_name = document.get("signature_name", "")
    if not isinstance(signature_name, str):
        raise invalid("'signature_name' key must be a string value.")
    return signature_name


def _decode_columns(columns, inputs):
    if _is_named(columns):
        for name in inputs:
            if name not in columns:
                raise invalid(
                    f"Missing named input: {name} in 'inputs' object."
                )
        return {
            name: decode_tensor(columns[name], info.dtype)
            for name, info in inputs.items()
        }
    if len(inputs) != 1:
        raise invalid(
            "inputs is a plain value/list, but expecting an object with the "
            f"{len(inputs)} inputs of the signature"
        )
    ((name, info),) = inputs.items()
    return {name: decode_tensor(columns, info.dtype)}


def _decode_rows(rows, inputs):
    if isinstance(rows, NumberBox):
        return _decode_plain_rows(rows, inputs)
    if not isinstance(rows, list):
        raise invalid(
            "Expecting 'instances' value to be an list/array, but got "
            f"{type_name(rows)}"
        )
    if not rows:
        raise invalid("No values in 'instances' array")
    if not _is_named(rows[0]):
        return _decode_plain_rows(rows, inputs)
    for index, row in enumerate(rows):
        if not _is_named(row):
            got = "list" if isinstance(row, list) else "value"
            raise invalid(
                f"Expecting object but got {got} at list element: {index}"
            )
        if row.keys() == inputs.keys():
            continue
        for name in row:
            if name not in inputs:
                raise invalid(
                    f"Failed to process element: {index} key: {name} of "
                    "'instances' list. Error: INVALID_ARGUMENT: the signature "
                    f"does not have named input: {name}"
                )
        names = ",".join(sorted(inputs))
        raise invalid(
            f"Failed to process element: {index} of 'instances' list. Error: "
            f"INVALID_ARGUMENT: keys must be equal to: {names}"
        )
    return {
        name: _stack([row[name] for row in rows], info.dtype, f" key: {name}")
        for name, info in inputs.items()
    }


def _decode_plain_rows(rows, inputs):
    if len(inputs) != 1:
        raise invalid(
            "instances is a plain list, but expecting list of objects with "
            f"the {len(inputs)} inputs of the signature"
        )
    for index, row in enumerate(() if isinstance(rows, NumberBox) else rows):
        if _is_named(row):
            raise invalid(
                f"Expecting value/list but got object at list element: {index}"
            )
    ((name, info),) = inputs.items()
    return {name: _stack(rows, info.dtype, "")}


def _stack(rows, dtype, key):
    """Decodes the rows of one input; `key` is for the error messages."""
    if isinstance(rows, NumberBox):
        return _stack_box(rows, dtype, key)
    if any(isinstance(row, NumberBox) for row in rows):
        return _stack_boxes(rows, dtype, key)
    try:
        return decode_tensor(rows, dtype)
    except ServingError as error:
        index = _first_faulty_row(rows, dtype)
        fault = _fault_of_row(rows[0], rows[index], dtype) or error
        raise _faulty_row(index, key, fault) from error


def _stack_box(box, dtype, key):
    row_size = box.values[0].size
    index, fault = first_fault(box, dtype, row_size)
    if fault:
        raise _faulty_row(index, key, fault)
    return decode_tensor(box, dtype)


def _stack_boxes(rows, dtype, key):
    arrays = []
    for index, row in enumerate(rows):
        fault = _fault_of_row(rows[0], row, dtype)
        if fault:
            raise _faulty_row(index, key, fault)
        arrays.append(decode_tensor(row, dtype))
    return np.stack(arrays)


def _faulty_row(index, key, fault):
    return invalid(
        f"Failed to process element: {index}{key} of 'instances' list. "
        f"Error: {fault.code}: {fault.message}"
    )


def _first_faulty_row(rows, dtype):
    # Halving the part under suspicion takes as long in all as decoding the
    # rows twice; one at a time would take seconds for a million of them.
    low, high = 0, len(rows)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            decode_tensor(rows[:1] + rows[low:middle], dtype)
            low = middle
        except ServingError:
            high = middle
    return low


def _fault_of_row(first, row, dtype):
    try:
        expected, found = decode_tensor(first, dtype), decode_tensor(row, dtype)
    except ServingError as error:
        return error
    if expected.size != found.size:
        return invalid(
            f"Expecting tensor size: {expected.size} but got: {found.size}"
        )
    if expected.shape != found.shape:
        return invalid(
            f"Expecting shape {list(expected.shape)} but got "
            f"{list(found.shape)}"
        )
    return None


def _is_named(value):
    return isinstance(value, dict) and not is_base64(value)
