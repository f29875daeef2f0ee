"""`tf.train.Example` in its wire format, without TensorFlow.

The message holds a map from names to features; a feature is a list of byte
strings (field 1), of float32 (field 2) or of int64 (field 3). See
https://protobuf.dev/programming-guides/encoding and TensorFlow's
`core/example/feature.proto`.
"""

import numpy as np

_BYTES, _FLOATS, _INTEGERS = 1, 2, 3


def encode_example(features):
    """Serialises an example.

    Args:
        features: dict, name -> list of bytes, of float or of int (int64). The
            type of the first element counts; an empty list gives a feature
            that holds none of the kinds.

    Returns:
        bytes, a serialised `tf.train.Example`.
    """
    entries = b"".join(
        _field(
            1,
            _field(1, name.encode("utf-8", "replace"))
            + _field(2, _feature(values)),
        )
        for name, values in features.items()
    )
    return _field(1, entries)


def _feature(values):
    if not values:
        return b""
    if isinstance(values[0], bytes):
        return _field(_BYTES, b"".join(_field(1, value) for value in values))
    if isinstance(values[0], float):
        with np.errstate(over="ignore", under="ignore"):
            packed = np.array(values).astype("<f4").tobytes()
        return _field(_FLOATS, _field(1, packed))
    packed = b"".join(_varint(value & (2**64 - 1)) for value in values)
    return _field(_INTEGERS, _field(1, packed))


def _field(number, content):
    """A field with a length before its content."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value):
    """Seven bits a byte, the lowest first; the top bit says that more come."""
    result = bytearray()
    while value > 127:
        result.append(value & 127 | 128)
        value >>= 7
    result.append(value)
    return bytes(result)
