"""Boxes of numbers in a JSON document, read straight into arrays.

A number of two characters is an object of 32 bytes and more once it is
parsed. So the long lists of numbers, which are the tensors of a request, are
cut out of the document and read piece by piece; only what is left is parsed
as a whole.
"""

import dataclasses
import math
import re
import secrets

import numpy as np

from accel_tf.serving.current_request import check_client

MAX_RANK = 32
"""Most dimensions of a tensor in a request: as many as any NumPy takes."""

_LEAST_BYTES = 256
# What the interpreter parses at a time, while no other thread runs.
_PIECE_BYTES = 2**14
_SPACE = b" \t\n\r"
_NUMBER = b"0123456789+-.eENaInfity"
_LIST = re.compile(
    rb":[ \t\n\r]*(\[[][0-9+\-.eENaInfity, \t\n\r]{%d,})" % _LEAST_BYTES
)
_TO_DIGITS = bytes.maketrans(_NUMBER, b"0" * len(_NUMBER))
_TO_SPACES = bytes.maketrans(b"[]", b"  ")
_SHORT_FORMS = re.compile(rb"Inf(?!inity)|-NaN")


@dataclasses.dataclass(frozen=True)
class NumberBox:
    """Nested lists of numbers, all lists of one level of one length.

    Attributes:
        values: array of their shape; int64 if all numbers are integers, else
            float64.
        first: the first number, int or float.
        first_float: place in `values.flat` of the first that is no integer,
            None if all are.
    """

    values: np.ndarray
    first: int | float
    first_float: int | None


class CutDocument:
    """A document without its boxes of numbers.

    Args:
        body: bytes, the document.
        decode: function that parses a text that is a list of numbers; it
            raises ValueError for any other.

    Attributes:
        text: the document with a small object in place of each box; `body`
            itself if there is none.
    """

    def __init__(self, body, decode):
        # Nothing that the document can hold by chance or by intention.
        self._key = secrets.token_hex(16)
        self._boxes = []
        parts, end = [], 0
        for match in _LIST.finditer(body):
            start = match.start(1)
            stop = body.rfind(b"]", start, match.end()) + 1
            box = _read_deep(body, start, stop)
            if box is None:
                box = _read_box(body, start, stop, decode)
            if box is not None:
                mark = f'{{"{self._key}":{len(self._boxes)}}}'
                parts += [body[end:start], mark.encode()]
                self._boxes.append(box)
                end = stop
        self.text = b"".join([*parts, body[end:]]) if parts else body

    def __len__(self):
        """How many boxes there are."""
        return len(self._boxes)

    def box_of(self, pairs):
        """What an object stands for, by its (key, value) pairs, or None."""
        if len(pairs) == 1 and pairs[0][0] == self._key:
            return self._boxes[pairs[0][1]]
        return None


def _read_deep(body, start, stop):
    """A list for lists in one another that are too deep for any tensor.

    Where they stand for nothing they are no mistake, and where they stand for
    a tensor it does not matter how deep they are.
    """
    if not body.startswith(b"[" * (MAX_RANK + 1), start):
        return None
    depth, rest = divmod(stop - start, 2)
    if rest or body[start:stop] != b"[" * depth + b"]" * depth:
        return None
    value = []
    for _ in range(MAX_RANK):
        value = [value]
    return value


def _read_box(body, start, stop, decode):
    """A `NumberBox`; None if these bytes are anything else."""
    shape = _shape(body[start:stop])
    if shape is None:
        return None
    values, done = np.empty(math.prod(shape), np.int64), 0
    first = first_float = None
    while start < stop:
        end = body.find(b",", start + _PIECE_BYTES, stop)
        end = stop if end < 0 else end
        numbers = _read_piece(body[start:end], decode)
        if numbers is None or done + len(numbers) > len(values):
            return None
        if first is None:
            first = numbers[0]
        if first_float is None and float in set(map(type, numbers)):
            types = list(map(type, numbers))
            first_float = done + types.index(float)
            values = _as_floats(values, done)
        try:
            values[done : done + len(numbers)] = numbers
        except OverflowError:
            return None
        done += len(numbers)
        start = end + 1
        check_client()
    if done < len(values):
        return None
    return NumberBox(values.reshape(shape), first, first_float)


def _read_piece(piece, decode):
    """The numbers between some of a box's commas; None if there are others."""
    text = piece.translate(_TO_SPACES)
    if b"Inf" in text or b"-NaN" in text:
        text = _SHORT_FORMS.sub(
            lambda match: b"NaN" if match[0] == b"-NaN" else b"Infinity", text
        )
    try:
        return decode(f"[{text.decode('ascii')}]") or None
    except ValueError:
        return None


def _as_floats(values, done):
    """int64 as float64 in the same memory."""
    floats = values.view(np.float64)
    for start in range(0, done, _PIECE_BYTES):
        part = slice(start, min(start + _PIECE_BYTES, done))
        floats[part] = values[part].astype(np.float64)
    return floats


def _shape(text):
    """The shape of nested lists by their brackets and commas alone.

    Returns:
        tuple; None if the lists are no box, or one of them is empty.
    """
    digits = text.translate(_TO_DIGITS, _SPACE)
    # Numbers that touch a list from outside, and lists without a number.
    if any(each in digits for each in (b"0[", b"]0", b"[]")):
        return None
    skeleton = digits.translate(None, b"0")
    del digits
    rank = len(skeleton) - len(skeleton.lstrip(b"["))
    if rank > MAX_RANK:
        return None
    shape, size = [], 0
    for level in range(1, rank + 1):
        # Where the first list of this level ends, in the skeleton.
        end = skeleton.find(b"]" * level)
        length = end + 2 * level - rank
        if end < 0 or (length - 1) % (size + 1):
            return None
        shape.insert(0, (length - 1) // (size + 1))
        size = length
    return tuple(shape) if skeleton == _skeleton(shape) else None


def _skeleton(shape):
    text = b""
    for size in reversed(shape):
        text = b"[" + (text + b",") * (size - 1) + text + b"]"
    return text
