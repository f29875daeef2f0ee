"""Compression whose result has a size that is known before."""

import lzma

from accel_tf import optional
from accel_tf.distill.codec.errors import UpdateError

# LZMA learns the odds of bits as they come: updates are 4 % smaller than by
# zstandard at its highest level, and are unpacked in 20 ms. The 1 MiB that it
# looks back is all the memory that it may ask for.
_LZMA = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 2**20}]
# All weights take zstandard 0.1 s, LZMA 6 s, and no byte less. The window is
# larger than that of this level.
_SNAPSHOT_LEVEL = 3
_SNAPSHOT_WINDOW = 2**23


def zstandard():
    """Imports zstandard.

    Raises:
        ImportError: it is missing; the message holds the pip command.
    """
    return optional.require("zstandard", "distill")


def most_packed(raw_size):
    """Bytes that a part of `raw_size` bytes cannot exceed compressed."""
    return raw_size + raw_size // 128 + 128


def pack(data):
    """Compresses a part of an update; nothing stays nothing."""
    if not data:
        return b""
    return lzma.compress(data, lzma.FORMAT_RAW, filters=_LZMA)


def unpack(data, raw_size):
    """What `pack` was given, of exactly `raw_size` bytes.

    Raises:
        UpdateError: `"damaged"`. No more than `raw_size` bytes and one are
            decompressed.
    """
    if not raw_size and not data:
        return b""
    reader = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=_LZMA)
    try:
        raw = reader.decompress(data, raw_size + 1)
    except lzma.LZMAError as error:
        raise _damaged(error) from error
    if len(raw) != raw_size or not reader.eof or reader.unused_data:
        raise _damaged("another size")
    return raw


def pack_snapshot(data):
    """Compresses all weights."""
    return zstandard().ZstdCompressor(level=_SNAPSHOT_LEVEL).compress(data)


def unpack_snapshot(data, raw_size):
    """What `pack_snapshot` was given, of exactly `raw_size` bytes.

    Raises:
        UpdateError: `"damaged"`. Nothing is decompressed if the data's own
            header tells another size.
    """
    module = zstandard()
    reader = module.ZstdDecompressor(max_window_size=_SNAPSHOT_WINDOW)
    try:
        # The decompressor makes room for what this header says.
        if module.get_frame_parameters(data).content_size != raw_size:
            raise _damaged("another size")
        return reader.decompress(
            data, max_output_size=raw_size, allow_extra_data=False
        )
    except module.ZstdError as error:
        raise _damaged(error) from error


def _damaged(reason):
    return UpdateError("damaged", f"the update cannot be unpacked: {reason}.")
