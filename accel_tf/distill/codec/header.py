"""The frame of an update: what it is, how large, and whether it is whole."""

import dataclasses
import hashlib
import math
import struct

from accel_tf.distill.codec.errors import UpdateError

MAGIC = b"ATFU"
VERSION = 1
VALUES = ("float32", "float16", "int8")
PARTS = ("mask", "values", "statistics")

_START = struct.Struct("<4sB")
# Kind, values, flags, mask coding; architecture; sequence, base sequence;
# seconds; selected weights; raw and compressed size of each part; digest.
_FIELDS = struct.Struct("<BBBB32sQQdQ6Q32s")
_CHECKSUM = 32
_SNAPSHOT, _UPDATE = 0, 1
_DELTA, _STATISTICS = 1, 2
HEADER_SIZE = _START.size + _FIELDS.size + _CHECKSUM


@dataclasses.dataclass(frozen=True)
class UpdateHeader:
    """What an update says of itself.

    Attributes:
        is_snapshot: whether it is all weights rather than a change.
        values: `"float32"`, `"float16"` or `"int8"`.
        delta: whether the values are differences from the weights before.
        has_statistics: whether statistics of batch normalisation are in it.
        mask_coding: number of the coding of which weights are sent.
        architecture: `ParameterSpace.digest`, bytes `[32]`.
        sequence: number of the update, from 1.
        base_sequence: number of the update after which it can be applied; 0
            stands for the weights that both sides began with.
        time: seconds on the clock of the video up to which the teacher has
            seen it.
        selected: how many trainable weights are sent.
        raw_sizes: bytes of mask, values and statistics before compression.
        packed_sizes: and after it.
        weights_digest: `weights_digest` of the weights after it.
    """

    is_snapshot: bool
    values: str
    delta: bool
    has_statistics: bool
    mask_coding: int
    architecture: bytes
    sequence: int
    base_sequence: int
    time: float
    selected: int
    raw_sizes: tuple
    packed_sizes: tuple
    weights_digest: str


def join_update(header, parts):
    """The bytes of an update.

    Args:
        header: `UpdateHeader`.
        parts: compressed mask, values and statistics, bytes each.
    """
    sizes = zip(header.raw_sizes, header.packed_sizes, strict=True)
    data = _START.pack(MAGIC, VERSION) + _FIELDS.pack(
        _SNAPSHOT if header.is_snapshot else _UPDATE,
        VALUES.index(header.values),
        _DELTA * header.delta + _STATISTICS * header.has_statistics,
        header.mask_coding,
        header.architecture,
        header.sequence,
        header.base_sequence,
        header.time,
        header.selected,
        *(size for pair in sizes for size in pair),
        bytes.fromhex(header.weights_digest),
    )
    data += b"".join(parts)
    return data + hashlib.sha256(data).digest()


def split_update(data):
    """Takes an update apart without decompressing anything.

    Args:
        data: bytes.

    Returns:
        tuple of the `UpdateHeader` and the compressed mask, values and
        statistics, bytes each.

    Raises:
        UpdateError: if it is no update, not whole, or of another version.
    """
    if len(data) < HEADER_SIZE or not data.startswith(MAGIC):
        raise UpdateError(
            "damaged", f"{len(data)} bytes came that are not a whole update."
        )
    version = data[len(MAGIC)]
    if version != VERSION:
        raise UpdateError(
            "version",
            f"the update is of format {version}, this program reads format "
            f"{VERSION}; use the same accel-tf on both sides.",
        )
    body, checksum = data[:-_CHECKSUM], data[-_CHECKSUM:]
    if hashlib.sha256(body).digest() != checksum:
        raise UpdateError(
            "damaged",
            "the update was cut short or changed on the way: its checksum "
            "does not fit.",
        )
    header = _read_fields(body)
    parts = body[_START.size + _FIELDS.size :]
    if len(parts) != sum(header.packed_sizes):
        raise UpdateError("damaged", "the update's parts do not fill it.")
    first, second, _ = header.packed_sizes
    return (
        header,
        parts[:first],
        parts[first : first + second],
        parts[first + second :],
    )


def _read_fields(body):
    """The header of a body whose checksum holds."""
    fields = _FIELDS.unpack_from(body, _START.size)
    kind, values, flags, coding, architecture, sequence, base = fields[:7]
    time, selected, *sizes, digest = fields[7:]
    known = kind in (_SNAPSHOT, _UPDATE) and values < len(VALUES)
    if not known or flags & ~(_DELTA | _STATISTICS) or not math.isfinite(time):
        raise UpdateError("damaged", "the update's header makes no sense.")
    return UpdateHeader(
        is_snapshot=kind == _SNAPSHOT,
        values=VALUES[values],
        delta=bool(flags & _DELTA),
        has_statistics=bool(flags & _STATISTICS),
        mask_coding=coding,
        architecture=architecture,
        sequence=sequence,
        base_sequence=base,
        time=time,
        selected=selected,
        raw_sizes=tuple(sizes[0::2]),
        packed_sizes=tuple(sizes[1::2]),
        weights_digest=digest.hex(),
    )
