"""The size of an image file, from its header alone."""

# Up to the name of the first chunk, which holds the size.
_PNG_START = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
_JPEG_START = b"\xff\xd8"
_GIF_STARTS = b"GIF87a", b"GIF89a"
# Markers that begin a frame and so have its size: all but those for tables of
# Huffman codes and of arithmetic coding, and one that is reserved.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_START_OF_SCAN, _END = 0xDA, 0xD9
_LONE = frozenset((0x01, *range(0xD0, 0xD9)))
_MOST_SEGMENTS = 10_000
"""Before the size; files have some dozens."""


def image_size(data):
    """Reads the size of a PNG, JPEG or GIF file.

    Args:
        data: bytes.

    Returns:
        `(height, width)` in pixels; None for anything else, and where the
        header is damaged, as decoders will find out.

    Raises:
        ValueError: the size of a JPEG file is too deep in it.
    """
    if data.startswith(_PNG_START) and len(data) >= 24:
        return _number(data, 20, 4), _number(data, 16, 4)
    if data.startswith(_JPEG_START):
        return _jpeg_size(data)
    if data.startswith(_GIF_STARTS) and len(data) >= 10:
        width, height = data[6:8], data[8:10]
        return int.from_bytes(height, "little"), int.from_bytes(width, "little")
    return None


def _jpeg_size(data):
    place = 2
    for _ in range(_MOST_SEGMENTS):
        # Any bytes may stand between two segments; decoders pass over them.
        place = data.find(b"\xff", place)
        if place < 0:
            return None
        while data[place + 1 : place + 2] == b"\xff":
            place += 1
        if place + 9 > len(data):
            return None
        marker = data[place + 1]
        if marker in _FRAMES:
            return _number(data, place + 5, 2), _number(data, place + 7, 2)
        if marker in (_START_OF_SCAN, _END):
            return None
        place += 2
        if marker and marker not in _LONE:
            place += _number(data, place, 2)
    raise ValueError(f"has {_MOST_SEGMENTS} segments and no size in them")


def _number(data, place, size):
    return int.from_bytes(data[place : place + size], "big")
