"""What a JSON document would take in memory, before it is parsed."""

import re

from accel_tf.serving.tensors import invalid

MAX_JSON_MEMORY = 64 * 2**20
"""Bytes for the lists, objects and strings of one document."""

_FACTOR = 8
_LEAST = 2**20
# Bytes of memory that the parser takes at its peak for each of these, which
# CPython 3.11 to 3.14 need at most: a list; an object and what it was made
# of; a number or other value; a member of an object; half of a string.
_COSTS = {b"[": 80, b"{": 112, b",": 40, b":": 120, b'"': 30}
# All of these are one object.
_COSTS |= {b"true,": -32, b"false,": -32, b"null,": -32}
# What begins a character that takes two bytes in every string around it, and
# four.
_WIDE = ((re.compile(rb"[\xf0-\xff]"), 4), (re.compile(rb"[\xc4-\xff]"), 2))


def check_memory(body, limit=None):
    """Refuses a document of few bytes that stands for many objects.

    Counts brackets, commas, colons and quotes, those inside of strings too.

    Args:
        body: bytes, the document.
        limit: bytes that its objects may take; by default eight times the
            body, but 1 MiB at least and `MAX_JSON_MEMORY` at most.

    Raises:
        ServingError: INVALID_ARGUMENT; it stands for more.
    """
    objects = sum(cost * body.count(each) for each, cost in _COSTS.items())
    if limit is not None:
        _check(objects, limit)
        return
    share = max(_LEAST, _FACTOR * len(body))
    _check(objects, min(share, MAX_JSON_MEMORY))
    width = _width(body)
    if width > 1:
        # Of the text, and once more of the strings in it.
        _check(objects + (2 * width - 1) * len(body), share)


def _check(memory, limit):
    if memory > limit:
        raise invalid(
            f"The request's lists, objects and strings would take about "
            f"{memory} bytes of memory, and may take {limit}: send numbers "
            "as lists of one shape, and binary data as base64"
        )


def _width(body):
    if body.isascii():
        return 1
    return next((width for each, width in _WIDE if each.search(body)), 1)
