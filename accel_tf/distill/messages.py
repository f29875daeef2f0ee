"""What a server and an edge tell each other, as MessagePack.

Every message is a dict with a `type` and the fields of that type, no more and
no fewer. Whoever receives one checks each field before using it: the other
side may be of another version, or nobody's friend.

| type | from | fields |
|---|---|---|
| hello | edge | what it is, what its weights are, where its clock starts |
| welcome | server | what it wants: size and rate of frames, period |
| frames | edge | encoded pictures with their numbers and times |
| rate | server | a new rate and period |
| update | server | bytes of the update codec, of a part of the weights |
| snapshot | server | the same, of all weights |
| applied | edge | sequence and digest of the weights that it now has |
| resync | edge | why it cannot go on from the weights that it has |
| error | server | why the connection ends, and whether to try again |
| bye | both | the connection ends in good order |
"""

import math

from accel_tf.optional import require

VERSION = 1
"""Of the messages; another one is refused."""

MOST_TEXT = 500
"""Characters of a reason."""

MOST_FRAMES = 300
"""Pictures of one message."""

_MOST_BYTES = 2**31 - 1
_MOST_NUMBER = 2**53


class MessageError(ValueError):
    """A message is none of these; the text is one line."""


def _is_text(value, most=MOST_TEXT):
    return isinstance(value, str) and len(value) <= most


def _is_number(value, least=0, most=_MOST_NUMBER):
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole and least <= value <= most


def _is_seconds(value, most=1e9):
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and 0 <= value <= most


def _is_size(value):
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(_is_number(side, 1, 16384) for side in value)
    )


def _is_list(value, is_item, most=MOST_FRAMES):
    return (
        isinstance(value, list)
        and 1 <= len(value) <= most
        and all(map(is_item, value))
    )


def _is_hex(value):
    return (
        isinstance(value, str)
        and len(value) == 64
        and not set(value) - set("0123456789abcdef")
    )


def _is_name(value):
    """Of an edge: it becomes the name of a folder."""
    return (
        isinstance(value, str)
        and 1 <= len(value) <= 64
        and value.isascii()
        and value.replace("-", "").replace("_", "").isalnum()
    )


def _is_rate(value):
    return _is_seconds(value, 1000) and value > 0


def _is_data(value):
    return isinstance(value, bytes) and 0 < len(value) <= _MOST_BYTES


_FIELDS = {
    "hello": {
        "version": _is_number,
        "edge": _is_name,
        "run": _is_name,
        "architecture": lambda value: (
            isinstance(value, bytes) and len(value) == 32
        ),
        "classes": lambda value: _is_list(value, _is_text, 255),
        "sequence": _is_number,
        "weights": _is_hex,
        "frame_size": _is_size,
        "uplink": lambda value: value in ("h264", "jpeg"),
    },
    "welcome": {
        "version": _is_number,
        "size": _is_size,
        "rate": _is_rate,
        "period": _is_rate,
        "statistics": lambda value: value in ("sent", "frozen"),
    },
    "frames": {
        "kind": lambda value: value in ("h264", "jpeg"),
        "numbers": lambda value: _is_list(value, _is_number),
        "times": lambda value: _is_list(value, _is_seconds),
        "data": lambda value: _is_list(value, _is_data),
    },
    "rate": {"rate": _is_rate, "period": _is_rate},
    "update": {"data": _is_data},
    "snapshot": {"data": _is_data},
    "applied": {"sequence": _is_number, "weights": _is_hex},
    "resync": {"reason": _is_text},
    "error": {
        "reason": _is_text,
        "again": lambda value: isinstance(value, bool),
    },
    "bye": {},
}


def check(message):
    """Checks a message field by field.

    Args:
        message: what `unpack` or a peer's session gave.

    Returns:
        `message`.

    Raises:
        MessageError: if it is none of those of this module.
    """
    if not isinstance(message, dict) or "type" not in message:
        raise MessageError("a message must be a dict with a type.")
    kind = message["type"]
    if not isinstance(kind, str) or kind not in _FIELDS:
        raise MessageError(f"{str(kind)[:40]!r} is no type of message.")
    fields = _FIELDS[kind]
    if message.keys() - {"type"} != fields.keys():
        raise MessageError(
            f"a message {kind} has the fields {', '.join(fields) or 'none'}, "
            "no more and no fewer."
        )
    for name, is_right in fields.items():
        if not is_right(message[name]):
            raise MessageError(f"{name} of a message {kind} is not right.")
    if kind == "frames":
        _check_frames(message)
    return message


def _check_frames(message):
    count, times = len(message["times"]), message["times"]
    pictures = len(message["data"])
    if len(message["numbers"]) != count or pictures != (
        1 if message["kind"] == "h264" else count
    ):
        raise MessageError("frames need a number and a time for each picture.")
    if any(b <= a for a, b in zip(times, times[1:], strict=False)):
        raise MessageError("times of frames must grow.")


def pack(message):
    """Bytes of a message, which is checked before."""
    return require("msgpack", "distill").packb(check(message))


def unpack(data, most_bytes):
    """The message in bytes, checked.

    Args:
        data: from a peer.
        most_bytes: that it may have.

    Raises:
        MessageError: if it is larger, or no message.
    """
    if len(data) > most_bytes:
        raise MessageError(
            f"a message of {len(data)} bytes; {most_bytes} are the most."
        )
    msgpack = require("msgpack", "distill")
    try:
        # No tuples, sets, time stamps or types of others' making.
        message = msgpack.unpackb(data, raw=False, strict_map_key=True)
    except Exception as error:
        raise MessageError("these bytes are no MessagePack.") from error
    return check(message)


def error(reason, again=False):
    """A message that ends a connection, its reason cut to what it may hold."""
    reason = " ".join(str(reason).split())[:MOST_TEXT]
    return {"type": "error", "reason": reason, "again": again}


def wire_size(data, masked):
    """Bytes of a packed message with WebSocket's frame around it (RFC 6455).

    Args:
        data: from `pack`.
        masked: whether an edge sends it, which costs four bytes more.
    """
    length = 2 + (2 if len(data) > 125 else 0) + (6 if len(data) > 65535 else 0)
    return length + 4 * bool(masked) + len(data)
