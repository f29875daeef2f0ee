"""Image files that the tests of data set builders draw themselves."""

import pathlib
import struct
import zlib

import numpy as np
import tensorflow as tf


def random_frame(seed, height=16, width=24):
    """uint8 [height, width, 3], large patches that JPEG compresses well."""
    random = np.random.default_rng(seed)
    patches = random.integers(0, 256, (height // 8, width // 8, 3), np.uint8)
    return patches.repeat(8, axis=0).repeat(8, axis=1)


def write_image(path, image):
    """Writes uint8 [height, width] or [height, width, 3] by the file's ending.

    Returns:
        The bytes of the file.
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.asarray(image, np.uint8)
    image = image[..., None] if image.ndim == 2 else image
    encode = tf.io.encode_png if path.suffix == ".png" else tf.io.encode_jpeg
    path.write_bytes(encode(image).numpy())
    return path.read_bytes()


def write_paletted(path, indices, bits=8, color=(90, 90, 90)):
    """Writes a PNG file of palette indices; all entries have one colour."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    indices = np.asarray(indices, np.uint8)
    height, width = indices.shape
    per_byte = 8 // bits
    packed = np.zeros((height, -(-width // per_byte)), np.uint8)
    for x in range(width):
        shift = 8 - bits * (x % per_byte + 1)
        packed[:, x // per_byte] |= indices[:, x] << shift
    rows = b"".join(b"\0" + row.tobytes() for row in packed)
    header = struct.pack(">IIBBBBB", width, height, bits, 3, 0, 0, 0)
    palette = bytes(color) * 2**bits
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"PLTE", palette)
        + _chunk(b"IDAT", zlib.compress(rows))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind, content):
    checksum = zlib.crc32(kind + content)
    length = struct.pack(">I", len(content))
    return length + kind + content + struct.pack(">I", checksum)


def with_orientation(jpeg, orientation):
    """A JPEG file with EXIF data of the one tag (EXIF 2.3, 4.6.4)."""
    tag = struct.pack("<HHIHH", 0x112, 3, 1, orientation, 0)
    tiff = b"II" + struct.pack("<HIH", 42, 8, 1) + tag + bytes(4)
    body = b"Exif\0\0" + tiff
    segment = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    return jpeg[:2] + segment + jpeg[2:]


def cut_off(path):
    """Removes the last third of a file."""
    path = pathlib.Path(path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
