"""Reading the image files that builders take from a user's folders.

Builders store the bytes of a frame as they are in its file, so these
functions check what TFDS itself would only notice when the finished data set
is read: that every image decodes, its size, and what a label image holds.
Readers of the data set know no orientation and no depth, so frames that state
one, or have 16 bits a value, are stored as `accel_tf.data.images` reads them.
"""

import contextlib
import dataclasses
import struct
import zlib

import numpy as np
import tensorflow as tf

from accel_tf import optional
from accel_tf.data.images import decode_image, image_bits

IMAGE_FORMATS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg"}
"""Format of an image file by the ending of its name in lower case."""

_PNG_START = b"\x89PNG\r\n\x1a\n"
_JPEG_START = b"\xff\xd8\xff"
_SHORTEST_PNG = 33  # its start and its header
_EXIF_MARKS = b"Exif\0\0", b"eXIf"  # in JPEG and in PNG files
_GRAY, _RGB, _PALETTE, _RGBA = 0, 2, 3, 6  # PNG colour types


@dataclasses.dataclass(frozen=True)
class Frame:
    """One frame as it is stored.

    Attributes:
        data: content of an image file, 8 bits a value and upright.
        height, width: size in pixels.
    """

    data: bytes
    height: int
    width: int


def image_files(folder):
    """The PNG and JPEG files of a folder by the stem of their names.

    Hidden files and files with other endings are left out.

    Args:
        folder: `epath.Path` of the folder.

    Returns:
        A dict from stem to `epath.Path`, in the order of the names.

    Raises:
        ValueError: Two files differ only in their ending.
    """
    files = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or not _format_by_name(path):
            continue
        if path.stem in files:
            raise ValueError(
                f"{path} and {files[path.stem].name} have the same name; "
                f"keep one of them"
            )
        files[path.stem] = path
    return files


def common_format(paths):
    """The format that all image files have by their names.

    Args:
        paths: `epath.Path`s, at least one, as `image_files` gives them.

    Returns:
        "png" or "jpeg".

    Raises:
        ValueError: There are both.
    """
    first = {}
    for path in paths:
        first.setdefault(_format_by_name(path), path)
    if len(first) > 1:
        raise ValueError(
            f"all frames must have one format, but {first['png']} is a PNG "
            f"and {first['jpeg']} a JPEG file; convert one kind"
        )
    (image_format,) = first
    return image_format


def common_bits(paths):
    """How many bits the values of frames that belong together fill.

    Args:
        paths: `epath.Path`s of PNG and JPEG files.

    Returns:
        8 to 16 as from `accel_tf.data.images.image_bits`, the most of all
        PNG files of 16 bits a value that decode; None if there are none.

    Raises:
        ImportError: There is such a file, and OpenCV is missing.
    """
    most = None
    for path in paths:
        if _format_by_name(path) == "png" and _is_deep_png(_header(path)):
            # What is broken `read_frame` says.
            with contextlib.suppress(ValueError):
                bits = image_bits(path.read_bytes(), str(path))
                most = max(bits, most or 0)
    return most


def read_frame(path, bits=None):
    """Reads a PNG or JPEG file, and decodes it to be sure that it does.

    The content of the file is kept, unless it is turned by its EXIF
    orientation or has 16 bits a value: then it becomes a PNG file of the
    upright image in 8 bits, which also stands for a JPEG file, as another
    JPEG file would not have the same pixels.

    Args:
        path: `epath.Path`.
        bits: from `common_bits`, for a file of 16 bits a value; by default
            those of the image by itself.

    Returns:
        A `Frame`.

    Raises:
        ValueError: The file does not decode, or is not what its name says.
        ImportError: OpenCV is missing, which reads files that have EXIF data
            or 16 bits a value.
    """
    data = path.read_bytes()
    image_format = _format_by_name(path)
    start = {"png": _PNG_START, "jpeg": _JPEG_START}[image_format]
    if not data.startswith(start):
        raise ValueError(
            f"{path} is not a {image_format.upper()} file, though its name "
            f"says so"
        )
    height, width, _ = _decode(path, data, channels=3).shape
    if image_format == "png" and _is_deep_png(data):
        return _as_png(decode_image(data, str(path), bits))
    if any(mark in data for mark in _EXIF_MARKS):
        upright = decode_image(data, str(path))
        if not np.array_equal(upright, _decode_as_stored(data)):
            return _as_png(upright)
    return Frame(data, height, width)


def read_label(path):
    """Reads a label image.

    Args:
        path: `epath.Path` of a PNG file.

    Returns:
        uint8 [height, width], the values of a grey image of 8 bits or
        fewer or the indices of a paletted one; or uint8 [height, width, 3]
        for RGB.

    Raises:
        ValueError: The file does not decode or is of another kind.
    """
    data = path.read_bytes()
    if not data.startswith(_PNG_START) or len(data) < _SHORTEST_PNG:
        raise ValueError(f"{path} is not a PNG file, as label images must be")
    bits, color_type = data[24], data[25]
    if color_type == _PALETTE:
        data, color_type = _palette_as_gray(data), _GRAY
    if bits <= 8 and color_type == _GRAY:
        # Decoding spreads grey values of fewer bits over 0 to 255.
        step = 255 // (2**bits - 1)
        return _decode(path, data, channels=1)[..., 0] // step
    if bits == 8 and color_type == _RGB:
        return _decode(path, data, channels=3)
    if bits == 8 and color_type == _RGBA:
        image = _decode(path, data, channels=4)
        if (image[..., 3] == 255).all():
            return image[..., :3]
    raise ValueError(
        f"{path} is not a label image: it must be a PNG of grey values of up "
        f"to 8 bits, palette indices or opaque 8-bit RGB colours"
    )


def check_same_size(path, size, other_path, other_size):
    """Raises ValueError if two images differ in (height, width)."""
    if tuple(size) != tuple(other_size):
        raise ValueError(
            f"{path} is {size[1]}x{size[0]} and {other_path} is "
            f"{other_size[1]}x{other_size[0]} (width x height); both must "
            f"have one size"
        )


def _format_by_name(path):
    return IMAGE_FORMATS.get(path.suffix.lower())


def _decode(path, data, channels):
    # TFDS may run inside a graph; the pixels are needed here and now.
    with tf.init_scope():
        try:
            return tf.io.decode_image(
                data, channels=channels, expand_animations=False
            ).numpy()
        except tf.errors.InvalidArgumentError as error:
            raise ValueError(
                f"{path} does not decode as an image: the file is damaged or "
                f"cut off"
            ) from error


def _decode_as_stored(data):
    """uint8 RGB without the orientation, by the decoder that applies it."""
    with optional.quiet_cv2() as cv2:
        flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _as_png(image):
    with tf.init_scope():
        data = tf.io.encode_png(image).numpy()
    return Frame(data, *image.shape[:2])


def _header(path):
    with path.open("rb") as file:
        return file.read(_SHORTEST_PNG)


def _is_deep_png(data):
    return len(data) >= _SHORTEST_PNG and data[24] == 16


def _palette_as_gray(data):
    """The same PNG file with its palette indices as grey values.

    Both kinds hold the same pixel data; only the header says which it is.
    Decoders give the palette's colours, from which the index does not follow
    when two entries have the same colour.
    """
    result, position = [_PNG_START], len(_PNG_START)
    while position + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[position : position + 8])
        content = data[position + 8 : position + 8 + length]
        chunk = data[position : position + 12 + length]
        position += 12 + length
        if kind == b"IHDR":
            content = content[:9] + bytes([_GRAY]) + content[10:]
            checksum = struct.pack(">I", zlib.crc32(kind + content))
            chunk = chunk[:8] + content + checksum
        if kind not in (b"PLTE", b"tRNS", b"bKGD", b"hIST", b"sPLT"):
            result.append(chunk)
    return b"".join(result)
