"""Checks of PNG files that do not decode them."""

import dataclasses
import os
import struct
import zlib

_START = b"\x89PNG\r\n\x1a\n"
_HEADER = 33  # bytes of the start and of the header chunk
_END = b"\0\0\0\0IEND\xaeB`\x82"
_TAIL = 1024  # some writers put a few bytes behind the end


@dataclasses.dataclass(frozen=True)
class PngFile:
    """What the first and last bytes of a PNG file tell.

    Attributes:
        height, width: size in pixels.
        num_bytes: size of the file.
        modified: when the file was last changed, in nanoseconds.
    """

    height: int
    width: int
    num_bytes: int
    modified: int


def inspect_png(path):
    """Reads the size of a PNG file and checks that its end is there.

    Args:
        path: a `pathlib.Path`.

    Returns:
        A `PngFile`.

    Raises:
        ValueError: The file is not a PNG file or is cut off. The message
            goes behind the name of the file.
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        header = file.read(_HEADER)
        file.seek(max(0, status.st_size - _TAIL))
        tail = file.read()
    height, width = _size(header)
    if _END not in tail:
        raise ValueError("is cut off: the end of the PNG file is missing")
    return PngFile(height, width, status.st_size, status.st_mtime_ns)


def check_png(data):
    """Checks a whole PNG file against the checksums that it carries.

    Args:
        data: content of the file.

    Raises:
        ValueError: The file is damaged. The message goes behind its name.
    """
    _size(data[:_HEADER])
    view, position, kind = memoryview(data), len(_START), b""
    while kind != b"IEND":
        if position + 12 > len(data):
            raise ValueError("is cut off: the end of the PNG file is missing")
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 8 + length
        if end + 4 > len(data):
            raise ValueError("is cut off: the end of the PNG file is missing")
        (checksum,) = struct.unpack_from(">I", data, end)
        if zlib.crc32(view[position + 4 : end]) != checksum:
            raise ValueError(
                f"is damaged: a checksum is wrong at byte {position}"
            )
        position = end + 4


def _size(header):
    if not header:
        raise ValueError("is empty")
    if not header.startswith(_START):
        raise ValueError("is not a PNG file")
    if len(header) < _HEADER or header[12:16] != b"IHDR":
        raise ValueError("is cut off: the end of the PNG file is missing")
    width, height = struct.unpack_from(">II", header, 16)
    return height, width
