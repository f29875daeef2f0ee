"""JSON as TensorFlow Serving reads it.

Beyond the standard it takes NaN, Inf and Infinity, with or without a minus
sign, stops after the document whatever follows, keeps the first of repeated
keys and takes any nesting that memory is likely to hold.
"""

import json
import re
import sys

from accel_tf.serving.json_memory import check_memory
from accel_tf.serving.json_numbers import CutDocument
from accel_tf.serving.tensors import ServingError, invalid

MAX_DEPTH = 1_000_000
"""Most lists and objects inside one another: a byte each in the body, but some
hundred in memory."""

_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(
    r"(-?)(?:(NaN)|(Inf(?:inity)?)|"
    r"(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?)"
)
_NON_FINITE = re.compile(r"-?(?:Inf|NaN)")
# Longer integers fit no integer type.
_INTEGER_CHARACTERS = 20
_MAX_DIGITS = sys.int_info.default_max_str_digits


def _first_of_each_key(pairs):
    result = dict(pairs)
    if len(result) != len(pairs):
        result = {}
        for key, value in pairs:
            result.setdefault(key, value)
    return result


def _parse_int(digits):
    return int(digits) if len(digits) <= _INTEGER_CHARACTERS else float(digits)


def _decoder(pairs_hook=_first_of_each_key):
    # int() takes a time that grows with the square of its digits, so that a
    # program without the usual limit on them needs one here. It makes
    # integers three times slower.
    has_limit = 0 < sys.get_int_max_str_digits() <= _MAX_DIGITS
    return json.JSONDecoder(
        object_pairs_hook=pairs_hook,
        parse_int=None if has_limit else _parse_int,
    )


_STRINGS = json.JSONDecoder()


def parse_request_body(body, memory=None):
    """Parses a request, with boxes of numbers in place of long lists of them.

    Args:
        body: bytes, UTF-8.
        memory: as for `check_memory`.

    Returns:
        As `parse_json`, but that members of objects may be a `NumberBox`.

    Raises:
        ServingError: as `parse_json`.
    """
    document = CutDocument(body, _decoder().decode)
    if not len(document):
        return parse_json(body, memory)

    def hook(pairs):
        box = document.box_of(pairs)
        return _first_of_each_key(pairs) if box is None else box

    check_memory(document.text, memory)
    try:
        return _parse(document.text, hook)
    except (json.JSONDecodeError, ServingError):
        # For the right place; or a box was a part of a string.
        return parse_json(body, memory)


def parse_json(body, memory=None):
    """Parses the document that a request's body begins with.

    Takes time in proportion to the body, however it is nested and however
    long its numbers are.

    Args:
        body: bytes, UTF-8.
        memory: as for `check_memory`.

    Returns:
        None, bool, int, float, str, list or dict, as `json.loads` gives them.

    Raises:
        ServingError: INVALID_ARGUMENT; the body does not begin with a JSON
            document, or that would take too much memory.
    """
    check_memory(body, memory)
    try:
        return _parse(body, _first_of_each_key)
    except json.JSONDecodeError as error:
        raise _parse_error(error.msg, error.pos) from error


def _parse(body, pairs_hook):
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _parse_error(
            "Invalid encoding in string.", error.start
        ) from error
    start = _SPACE.match(text).end()
    if start == len(text):
        raise invalid("JSON Parse error: The document is empty")
    try:
        return _decoder(pairs_hook).raw_decode(text, start)[0]
    except json.JSONDecodeError as error:
        if not _NON_FINITE.match(text, error.pos):
            raise
    except (RecursionError, ValueError):
        # Nested too deeply for the standard parser, or an integer with more
        # digits than int() takes.
        pass
    return _parse_iteratively(text, start, pairs_hook)


def _parse_error(reason, position):
    if reason == "Expecting value":
        reason = "Invalid value."
    reason = reason.removesuffix(" at")
    return invalid(f"JSON Parse error: {reason} at offset: {position}")


def _parse_iteratively(text, position, pairs_hook):
    """Does the decoder's work for the few documents that it cannot take."""
    # The lists and dicts that are open, outermost first, and the key that
    # each has in the one around it.
    opened, keys = [], []
    key = None
    while True:
        position, character = _next_character(text, position)
        if character == "[" or character == "{":
            value, end = ([], "]") if character == "[" else ({}, "}")
            position, character = _next_character(text, position + 1)
            if character != end:
                if len(opened) == MAX_DEPTH:
                    raise json.JSONDecodeError(
                        f"Nested more than {MAX_DEPTH} levels deep",
                        text,
                        position,
                    )
                opened.append(value)
                keys.append(key)
                if end == "}":
                    key, position = _read_key(text, position)
                continue
            position += 1
        else:
            value, position = _read_scalar(text, position)
        while opened:
            container = opened[-1]
            is_list = type(container) is list
            if is_list:
                container.append(value)
            else:
                container.setdefault(key, value)
            position, character = _next_character(text, position)
            if character == ",":
                position += 1
                if not is_list:
                    key, position = _read_key(text, position)
                break
            if character != ("]" if is_list else "}"):
                raise json.JSONDecodeError(
                    "Expecting ',' delimiter", text, position
                )
            position += 1
            value, key = opened.pop(), keys.pop()
            if not is_list:
                value = pairs_hook(list(value.items()))
        else:
            return value


def _next_character(text, position):
    character = text[position : position + 1]
    if character and character in " \t\n\r":
        position = _SPACE.match(text, position).end()
        character = text[position : position + 1]
    return position, character


def _read_key(text, position):
    position, character = _next_character(text, position)
    if character != '"':
        raise json.JSONDecodeError(
            "Expecting property name enclosed in double quotes", text, position
        )
    key, position = _STRINGS.raw_decode(text, position)
    position, character = _next_character(text, position)
    if character != ":":
        raise json.JSONDecodeError("Expecting ':' delimiter", text, position)
    return key, position + 1


def _read_scalar(text, position):
    match = _NUMBER.match(text, position)
    if not match:
        return _STRINGS.raw_decode(text, position)
    sign, nan, infinity, fraction, exponent = match.groups()
    if nan:
        value = float("nan")
    elif infinity:
        value = float(sign + "inf")
    elif fraction or exponent:
        value = float(match[0])
    else:
        value = _parse_int(match[0])
    return value, match.end()


_TYPE_NAMES = {
    type(None): "Null",
    int: "Number",
    float: "Number",
    str: "String",
    list: "Array",
    dict: "Object",
}


def type_name(value):
    """The JSON name of a parsed value's type: `"Null"`, `"Array"`, ..."""
    if isinstance(value, bool):
        return str(value)
    return _TYPE_NAMES[type(value)]


def preview(value):
    """A parsed value as a short text, for error messages."""
    if isinstance(value, list):
        return "[...]" if value else "[]"
    if isinstance(value, dict):
        return "{...}" if value else "{}"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:60] + "..."
